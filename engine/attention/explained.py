"""What was found out about how a model read a text, as plain arrays: everything that pictures and pages of it are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import ExplainedTask, Language, MaskingEffect, Prediction, TellingHead, Token, TokenScores, WordLink

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class Positions:
    """How a model tells places apart. *Shape:* both (positions, width); `sinusoidal` is the paper's, for comparison."""

    learned: Array | None  # None: the model has no table of positions (it uses rotary or relative ones)
    sinusoidal: Array


@dataclass(frozen=True, kw_only=True)
class Explained:
    """How a model read the part of a text (or pair) that is shown; what is said of predictions is about all that it read at once.

    *Shape:* maps (layers, heads, tokens, tokens), row looks at column; rollout and relevance (tokens, tokens), row draws on column.
    Rows sum to 1 where all that was read is shown, to less where tokens were folded or left out.
    """

    model: str
    language: Language
    task: ExplainedTask
    tokens: tuple[Token, ...]
    second_from: int | None  # the first token of the second text
    maps: Array
    rollout: Array
    relevance: Array | None
    prediction: Prediction | None
    scores: tuple[TokenScores, ...]
    completeness_error: float | None
    faithfulness: tuple[MaskingEffect, ...]
    telling: tuple[TellingHead, ...]
    links: tuple[WordLink, ...]
    word: str | None
    window: int
    windows: int
    chosen: bool  # whether the window was chosen because it matters most, not asked for
    positions: Positions | None = None

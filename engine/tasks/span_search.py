"""Finds the best spans between start and end logits, all spans at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Span:
    """Pieces `first` to `last`, both inclusive; `score` is the sum of their start and end logits."""

    first: int
    last: int
    score: float


def span_scores(start_logits: Scores, end_logits: Scores, *, max_length: int) -> Scores:
    """The score of every span of at most `max_length` pieces: row `i`, column `d` is the span from `i` to `i + d`.

    A logit of minus infinity keeps a piece from being a start or an end. *Shape:* logits (pieces,), result (pieces, max_length).
    """
    padded = np.concatenate([end_logits, np.full(max_length - 1, -np.inf, dtype=end_logits.dtype)])
    scores: Scores = start_logits[:, None] + sliding_window_view(padded, max_length)
    return scores


def best_spans(scores: Scores, *, n_best: int) -> list[Span]:
    """Up to `n_best` possible spans, best first, none sharing a piece with a better one. *Shape:* scores as of `span_scores`.

    Of spans with the same score the first and then the shortest wins.
    """
    left = scores.copy()
    found: list[Span] = []
    while len(found) < n_best and left.size:
        first, offset = np.unravel_index(int(left.argmax()), left.shape)
        best = Span(first=int(first), last=int(first + offset), score=float(left[first, offset]))
        if best.score == -np.inf:
            break
        found.append(best)
        _strike_out(left, best)
    return found


def _strike_out(scores: Scores, span: Span) -> None:
    """Make every span that shares a piece with `span` impossible, in place."""
    length = scores.shape[1]
    rows = np.arange(max(0, span.first - length + 1), span.last + 1)
    last = rows[:, None] + np.arange(length)
    scores[rows[0] : rows[-1] + 1][last >= span.first] = -np.inf

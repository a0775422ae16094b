"""Finds out how a model read one input, and cuts out of it what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine import progress
from engine.attention.attribution import Attribution, attribute
from engine.attention.explained import Array
from engine.attention.faithfulness import masking_effects
from engine.attention.flow import relevance, rollout
from engine.attention.maps import attention_maps
from engine.attention.target import Target
from engine.attention.telling import telling_heads
from engine.attention.words import joined
from engine.contract import MaskingEffect, TellingHead, Token, TokenScores, WordLink
from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput


@dataclass(frozen=True, kw_only=True)
class Examined:
    """How a model read all tokens of one input.

    *Shape:* layers × (heads, tokens, tokens); rollout and relevance (tokens, tokens); drawn_on and relevant (tokens,): their rows of
    the tokens that the prediction is read off, or of the first token where nothing is predicted.
    """

    layers: tuple[NDArray[np.float32], ...]
    rollout: Array
    drawn_on: Array
    telling: tuple[TellingHead, ...]
    relevance: Array | None = None
    relevant: Array | None = None
    attribution: Attribution | None = None
    faithfulness: tuple[MaskingEffect, ...] = ()

    @property
    def weights(self) -> Array:
        """How much each token matters to the prediction, by the best measure there is; at least 0. *Shape:* (tokens,)."""
        if self.attribution is not None and self.attribution.values.any():
            return np.abs(self.attribution.values)
        return self.relevant if self.relevant is not None and self.relevant.any() else self.drawn_on


def examine(row: ModelInput, model: LoadedModel, target: Target | None) -> Examined:
    """Read one input for all that can be said of it; without a target, attention alone.

    Memory, beside the weights: the maps (layers x heads x tokens² x 4 bytes), up to three times that while gradients flow through
    them, and then the activations of some 1,024 tokens. 12 layers x 12 heads x 512 tokens take less than 1 GiB (width 768: 0.81 GB).

    Raises:
        ModelError: `no_attention_maps`.
    """
    with progress.stage(0.0, 0.1):
        maps = attention_maps(row, model, target.score if target else None)
        progress.tell(1.0)
    rolled = rollout(maps.layers)
    telling = telling_heads(maps.layers, text=[*row.first, *row.second], separators=_separators(row, model))
    if target is None or maps.relevant is None:
        return Examined(layers=maps.layers, rollout=rolled, drawn_on=rolled[0], telling=telling)
    places = list(target.places)
    drawn_on, related = rolled[places].mean(axis=0), relevance(maps.relevant)
    with progress.stage(0.1, 0.9):
        attribution = attribute(row, model, target.score)
    with progress.stage(0.9, 1.0):
        effects = masking_effects(row, model, target, attended=drawn_on, attributed=attribution.values)
    return Examined(
        layers=maps.layers,
        rollout=rolled,
        drawn_on=drawn_on,
        telling=telling,
        relevance=related,
        relevant=related[places].mean(axis=0),
        attribution=attribution,
        faithfulness=effects,
    )


def _separators(row: ModelInput, model: LoadedModel) -> list[int]:
    separator = model.tokenizer.backend.sep_token_id
    text = {*row.first, *row.second}
    return [place for place, id_ in enumerate(row.ids) if id_ == separator and place not in text]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The tokens that are shown, and which tokens of the input each stands for (one, or the pieces of a word)."""

    tokens: tuple[Token, ...]
    groups: tuple[tuple[int, ...], ...]
    second_from: int | None


def shown_matrix(matrix: Array, shown: Shown) -> NDArray[np.float32]:
    """*Shape:* (…, tokens read, tokens read) → (…, tokens shown, tokens shown)."""
    return joined(matrix, shown.groups).astype(np.float32)


def shown_scores(examined: Examined, shown: Shown) -> tuple[TokenScores, ...]:
    """One a shown token; the pieces of a word add up."""

    def of(values: Array | None, group: Sequence[int]) -> float | None:
        return None if values is None else float(values[list(group)].sum())

    attributed = examined.attribution.values if examined.attribution else None
    return tuple(
        TokenScores(rollout=of(examined.drawn_on, group), relevance=of(examined.relevant, group), attribution=of(attributed, group))
        for group in shown.groups
    )


def word_links(looks: Array, shown: Shown, word: Sequence[int]) -> tuple[WordLink, ...]:
    """What the tokens at `word` look at, and what looks at them. *Shape:* looks (tokens read, tokens read).

    As for words that are joined (Clark et al. 2019): from several tokens the mean, to several the sum.
    """
    places = list(word)
    looks_at, looked_by = looks[places].mean(axis=0), looks[:, places].sum(axis=1)
    return tuple(
        WordLink(
            token=number,
            looks_at=float(looks_at[list(group)].sum()),
            looked_by=float(looked_by[list(group)].mean()),
            own=not set(group).isdisjoint(places),
        )
        for number, group in enumerate(shown.groups)
    )

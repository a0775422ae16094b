"""Checks which tokens a prediction hangs on, by masking them and reading again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from engine.attention.attribution import with_blanks
from engine.attention.explained import Array
from engine.attention.maps import computing_attention
from engine.attention.target import Target
from engine.contract import MaskingEffect
from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput

MASKED_SHARE = 0.2
RANDOM_DRAWS = 8
_SEED = 0  # the same text gets the same draws
# How many padded tokens are read in one forward pass.
_TOKENS_PER_BATCH = 2_048


def masking_effects(
    row: ModelInput, model: LoadedModel, target: Target, *, attended: Array, attributed: Array
) -> tuple[MaskingEffect, ...]:
    """How the prediction's probability moves when a fifth of the text's tokens is masked: the most attended, those that were
    attributed most in its favour, and any (the mean of several draws). *Shape:* attended and attributed (tokens,).
    """
    text = [*row.first, *row.second]
    count = masked_count(len(text))
    random = np.random.default_rng(_SEED)
    choices = [greatest(attended, text, count), greatest(attributed, text, count)]
    choices += [sorted(random.choice(text, size=count, replace=False).tolist()) for _ in range(RANDOM_DRAWS)]
    after = _probabilities([with_blanks(row, places, model) for places in choices], model, target)
    before = target.prediction.probability

    def effect(by: Literal["attention", "attribution", "random"], probability: float) -> MaskingEffect:
        return MaskingEffect(by=by, masked=count, probability=probability, change=probability - before)

    return effect("attention", after[0]), effect("attribution", after[1]), effect("random", float(np.mean(after[2:])))


def masked_count(tokens: int) -> int:
    """A fifth of the tokens, at least one."""
    return max(1, round(MASKED_SHARE * tokens))


def greatest(values: Array, places: Sequence[int], count: int) -> list[int]:
    """The `count` of `places` with the greatest values; of like ones the first."""
    return sorted(sorted(places, key=lambda place: -values[place])[:count])


def _probabilities(rows: Sequence[ModelInput], model: LoadedModel, target: Target) -> list[float]:
    found = np.zeros(len(rows))
    with computing_attention(model, "sdpa"):
        for indices, output in model.forward_batches(rows, tokens_per_batch=_TOKENS_PER_BATCH):
            found[indices] = target.probability(output)
    return [float(value) for value in found]

"""Attributes the score of a prediction to the tokens, by integrated gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from captum.attr import IntegratedGradients
from numpy.typing import NDArray

from engine import progress
from engine.attention.maps import Score, computing_attention, embedded
from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput

# The integral is a sum over so many steps. Until the error is small enough or no more may be taken, the part of the path with the
# greatest error is halved, and each half gets half as many: a score often changes on a short stretch of the way.
FIRST_STEPS = 32
MOST_STEPS = 256
MOST_TOKENS_STEPPED = 49_152  # tokens × steps: 256 tokens are given 192 steps at the most, 512 are given 96
GREATEST_ERROR = 0.04  # of the change of the score
_LEAST_CHANGE = 0.1  # in logits; a smaller change is not divided by
# Bounds the memory of the gradients: at 12 layers × 768, about 350 MB.
_TOKENS_PER_BATCH = 1_024


@dataclass(frozen=True)
class Attribution:
    """What each token adds to the score, against the same input with nothing but blanks for its text.

    *Shape:* values (tokens,), signed, 0 at special tokens. `error`: their sum minus the change of the score (completeness).
    """

    values: NDArray[np.float64]
    error: float
    steps: int


def attribute(row: ModelInput, model: LoadedModel, score: Score) -> Attribution:
    """Integrated gradients (Sundararajan et al. 2017) from blanks to the text, by captum.

    The path runs through the word embeddings; positions, token types and special tokens stay.
    """
    blank = with_blanks(row, [*row.first, *row.second], model)
    most = max(FIRST_STEPS, min(MOST_STEPS, MOST_TOKENS_STEPPED // len(row)))
    with computing_attention(model, "sdpa"), torch.enable_grad():
        path = _Path(_Scored(row, model, score, expected=most), _words(row, model), _words(blank, model))
        change = path.score(1.0) - path.score(0.0)
        allowed = GREATEST_ERROR * max(abs(change), _LEAST_CHANGE)
        steps, half_steps = FIRST_STEPS, max(1, FIRST_STEPS // 2)
        parts = [path.part(0.0, 1.0, steps=FIRST_STEPS)]
        while abs(sum(part.error for part in parts)) > allowed and steps + 2 * half_steps <= most:
            worst = max(parts, key=lambda part: abs(part.error))
            parts.remove(worst)
            middle = (worst.begin + worst.end) / 2
            parts += [path.part(worst.begin, middle, steps=half_steps), path.part(middle, worst.end, steps=half_steps)]
            steps += 2 * half_steps
    values = np.sum([part.values for part in parts], axis=0)
    return Attribution(values=values, error=float(values.sum()) - change, steps=steps)


@dataclass(frozen=True, eq=False)
class _Part:
    """The integral over a part of the way; `error`: the sum of its values minus the change of the score there. *Shape:* values (tokens,)."""

    begin: float
    end: float
    values: NDArray[np.float64]
    error: float


class _Scored:
    """The score as a function of the word embeddings alone, in fp32; tells its progress towards `expected` readings."""

    def __init__(self, row: ModelInput, model: LoadedModel, score: Score, *, expected: int) -> None:
        self._rest = embedded(row, model)
        self._dtype = self._rest.pop("inputs_embeds").dtype
        self._model, self._score, self._expected = model, score, expected
        self._read = 0

    def __call__(self, words: torch.Tensor) -> torch.Tensor:
        """*Shape:* (batch, tokens, width) → (batch,)."""
        given = {name: tensor.expand(len(words), -1) for name, tensor in self._rest.items()}
        found = self._score(self._model.model(inputs_embeds=words.to(self._dtype), **given)).float()
        self._read += len(words)
        progress.tell(min(1.0, self._read / self._expected))
        return found


def with_blanks(row: ModelInput, places: Sequence[int], model: LoadedModel) -> ModelInput:
    """The row with the mask token at `places`; where a model has none, the token for unknown words, or padding."""
    backend = model.tokenizer.backend
    blank = next((i for i in (backend.mask_token_id, backend.unk_token_id) if i is not None), model.tokenizer.pad_id)
    masked = set(places)
    return replace(row, ids=tuple(blank if place in masked else id_ for place, id_ in enumerate(row.ids)))


def _words(row: ModelInput, model: LoadedModel) -> torch.Tensor:
    """*Shape:* (1, tokens, width)."""
    return embedded(row, model)["inputs_embeds"].detach().float()


class _Path:
    """The straight way from the blanks (0) to the text (1)."""

    def __init__(self, scored: _Scored, text: torch.Tensor, empty: torch.Tensor) -> None:
        """*Shape:* text and empty (1, tokens, width)."""
        self._scored, self._text, self._empty = scored, text, empty
        self._scores: dict[float, float] = {}

    def score(self, place: float) -> float:
        """The score there."""
        if place not in self._scores:
            with torch.no_grad():
                self._scores[place] = float(self._scored(self._at(place)).sum())
        return self._scores[place]

    def part(self, begin: float, end: float, *, steps: int) -> _Part:
        """Integrated gradients from one place to another."""
        found = IntegratedGradients(self._scored, multiply_by_inputs=True).attribute(
            self._at(end), self._at(begin), n_steps=steps, internal_batch_size=max(1, _TOKENS_PER_BATCH // self._text.shape[1])
        )
        values: NDArray[np.float64] = found[0].detach().cpu().double().sum(dim=-1).numpy()
        return _Part(begin, end, values, error=float(values.sum()) - (self.score(end) - self.score(begin)))

    def _at(self, place: float) -> torch.Tensor:
        return self._empty + place * (self._text - self._empty)

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

# The integral is a sum over so many steps, twice as many until the error is small enough or no more may be taken.
FIRST_STEPS = 32
MOST_STEPS = 128
MOST_TOKENS_STEPPED = 16_384  # tokens × steps: 256 tokens are given 64 steps, 512 only the first ones
GREATEST_ERROR = 0.05  # of the change of the score
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
    steps, most = FIRST_STEPS, max(FIRST_STEPS, min(MOST_STEPS, MOST_TOKENS_STEPPED // len(row)))
    with computing_attention(model, "sdpa"), torch.enable_grad():
        text, empty = _words(row, model), _words(blank, model)
        scored = _Scored(row, model, score, expected=2 * most)
        with torch.no_grad():
            change = float((scored(text) - scored(empty)).sum())
        while True:
            values = _integrate(scored, text, empty, steps=steps)
            error = float(values.sum()) - change
            if steps >= most or abs(error) <= GREATEST_ERROR * max(abs(change), _LEAST_CHANGE):
                return Attribution(values=values, error=error, steps=steps)
            steps *= 2


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


def _integrate(scored: _Scored, text: torch.Tensor, empty: torch.Tensor, *, steps: int) -> NDArray[np.float64]:
    """*Shape:* text and empty (1, tokens, width), result (tokens,)."""
    found = IntegratedGradients(scored, multiply_by_inputs=True).attribute(
        text, empty, n_steps=steps, internal_batch_size=max(1, _TOKENS_PER_BATCH // text.shape[1])
    )
    values: NDArray[np.float64] = found[0].detach().cpu().double().sum(dim=-1).numpy()
    return values

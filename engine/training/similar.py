"""Similarity as a goal of training: of any two pairs, the nearer one must have the larger cosine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.examples.rows import SimilarRow
from engine.models.loaded import LoadedModel
from engine.tasks.pooling import pool
from engine.tokenization.pieces import ModelInput
from engine.training.cutting import first_parts
from engine.training.goal import Batch, Place, model_inputs, rows_of

COSINE_SCALE = 20.0  # as in sentence-transformers' losses


@dataclass(frozen=True)
class SimilarGoal:
    """Pairs of texts, the first window of each, with their right scores."""

    compares: ClassVar[bool] = True
    loaded: LoadedModel
    first: tuple[ModelInput, ...]
    second: tuple[ModelInput, ...]
    grades: tuple[float, ...]
    cut: int = 0  # texts that are longer than the window

    @property
    def lengths(self) -> list[int]:
        return [max(len(a), len(b)) for a, b in zip(self.first, self.second, strict=True)]

    def batch(self, places: Sequence[Place]) -> Batch:
        """The first texts of all pairs, then the second ones. *Shape:* input_ids (2 batch, seq), grades (batch,)."""
        rows = rows_of(places)
        inputs = [self.first[row] for row in rows] + [self.second[row] for row in rows]
        return {**self.loaded.tensors(inputs), "grades": torch.tensor([self.grades[row] for row in rows])}

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """CoSENT (Su 2022, as in sentence-transformers). *Shape:* ()."""
        hidden = model(**model_inputs(batch)).last_hidden_state.float()
        lengths = batch["attention_mask"].sum(dim=1).tolist()
        pooled = pool(hidden, lengths, how=self.loaded.pooling)
        # What lies over the pooled vector stays as it is: the model learns to be read through it.
        vectors = functional.normalize(self.loaded.finish(pooled), dim=-1)  # (2 batch, width)
        first, second = vectors.chunk(2)
        return cosent((first * second).sum(-1), batch["grades"])


def cosent(cosines: Tensor, grades: Tensor) -> Tensor:
    """log(1 + Σ exp(s (c_j - c_i))) over all pairs i, j of which i has the higher grade. *Shape:* (batch,) each → ()."""
    scaled = COSINE_SCALE * cosines
    gap = scaled[:, None] - scaled[None, :]
    wrong = gap[grades[:, None] < grades[None, :]]
    return torch.logsumexp(torch.cat([scaled.new_zeros(1), wrong]), dim=0)


def similar_goal(rows: Sequence[SimilarRow], loaded: LoadedModel) -> SimilarGoal:
    """Prepare all rows."""
    first, cut_first = first_parts([row.a for row in rows], loaded)
    second, cut_second = first_parts([row.b for row in rows], loaded)
    return SimilarGoal(
        loaded=loaded,
        first=tuple(first),
        second=tuple(second),
        grades=tuple(row.gold for row in rows),
        cut=cut_first + cut_second,
    )

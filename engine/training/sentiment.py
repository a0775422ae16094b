"""Sentiment as a goal of training: the label of each text, rare labels counting for more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from engine.contract import SentimentLabel
from engine.examples.rows import SentimentRow
from engine.models.loaded import LoadedModel
from engine.tasks.sentiment import label_columns
from engine.tokenization.pieces import ModelInput
from engine.training.cutting import first_parts
from engine.training.goal import Batch, Place, columns_mask, model_inputs, rows_of, wanted_loss


@dataclass(frozen=True)
class SentimentGoal:
    """Each text's first window, the outputs that stand for its label, and how much it counts (1 on average)."""

    compares: ClassVar[bool] = False
    loaded: LoadedModel
    inputs: tuple[ModelInput, ...]
    columns: tuple[tuple[int, ...], ...]
    weights: tuple[float, ...]
    cut: int = 0  # texts that are longer than the window

    @property
    def lengths(self) -> list[int]:
        return [len(row) for row in self.inputs]

    def batch(self, places: Sequence[Place]) -> Batch:
        """*Shape:* wanted (batch, outputs), weights (batch,)."""
        rows = rows_of(places)
        outputs = len(self.loaded.model.config.id2label or {})
        return {
            **self.loaded.tensors([self.inputs[row] for row in rows]),
            "wanted": columns_mask([self.columns[row] for row in rows], outputs=outputs),
            "weights": torch.tensor([self.weights[row] for row in rows]),
        }

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The weighted mean over the batch. *Shape:* ()."""
        return (batch["weights"] * wanted_loss(model(**model_inputs(batch)).logits, batch["wanted"])).mean()


def sentiment_goal(rows: Sequence[SentimentRow], loaded: LoadedModel, *, balanced: bool) -> SentimentGoal:
    """Prepare all rows; the model must know their labels.

    Raises:
        ModelError: `unknown_labels`.
    """
    columns = label_columns(loaded)
    inputs, cut = first_parts([row.text for row in rows], loaded)
    weights = class_weights([row.label for row in rows]) if balanced else {}
    return SentimentGoal(
        loaded=loaded,
        inputs=tuple(inputs),
        columns=tuple(tuple(columns[row.label]) for row in rows),
        weights=tuple(weights.get(row.label, 1.0) for row in rows),
        cut=cut,
    )


def class_weights(labels: Sequence[SentimentLabel]) -> dict[SentimentLabel, float]:
    """Weights by which all labels count alike in sum, 1 on average over the rows."""
    counts = Counter(labels)
    return {label: len(labels) / (len(counts) * count) for label, count in counts.items()}

"""What a model is trained towards: batches of examples, and how far its outputs are from what is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

# (epoch, row): what a batch holds of a row may depend on the epoch (masks do), and on nothing else, so that a run can go on.
Place = tuple[int, int]
Batch = dict[str, Tensor]


class Goal(Protocol):
    """One task's examples, cut into pieces.

    `compares`: a row is a pair of texts, and what is learnt are comparisons of the pairs that are read at once; else each row counts alone.
    """

    compares: ClassVar[bool]

    @property
    def lengths(self) -> Sequence[int]:
        """The pieces of each row; of a pair, those of its longer text."""

    def batch(self, places: Sequence[Place]) -> Batch:
        """The tensors of some rows."""

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """How wrong the model is about a batch, at least 0. *Shape:* ()."""


def model_inputs(batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What the model reads of a batch. *Shape:* (batch, seq) each."""
    return {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in batch}


def wanted_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross entropy where several of a model's outputs may be right together: that of their summed probability.

    Args:
        logits: *Shape:* (rows, outputs).
        wanted: which outputs are right, at least one a row. *Shape:* (rows, outputs), bool.
    Returns:
        *Shape:* (rows,).
    """
    odds = torch.log_softmax(logits.float(), dim=-1)
    return -torch.logsumexp(odds.masked_fill(~wanted, -torch.inf), dim=-1)


def rows_of(places: Sequence[Place]) -> list[int]:
    """The rows, whatever the epoch."""
    return [row for _, row in places]


def columns_mask(columns: Sequence[Sequence[int]], *, outputs: int) -> Any:
    """Which outputs each row wants. *Shape:* (rows, outputs), bool."""
    mask = torch.zeros(len(columns), outputs, dtype=torch.bool)
    for row, places in enumerate(columns):
        mask[row, list(places)] = True
    return mask

"""Batches of a fixed token budget, texts of like length together, so that little is computed on padding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import IterableDataset

Batch = dict[str, Any]


def pad(rows: Sequence[Sequence[int]], *, value: int = 0) -> torch.Tensor:
    """Right-pad id lists to the longest. *Shape:* (rows, longest)."""
    width = max(map(len, rows))
    return torch.tensor([list(row) + [value] * (width - len(row)) for row in rows])


def token_budget_batches(
    lengths: Sequence[int], *, budget: int, generator: np.random.Generator, pool: int = 4_096, cap: int = 512
) -> Iterator[list[int]]:
    """One epoch of index batches: shuffled, sorted by length within pools, at most `budget` padded tokens each."""
    order = generator.permutation(len(lengths))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        chunk = sorted(order[start : start + pool].tolist(), key=lambda i: lengths[i])
        batch: list[int] = []
        for index in chunk:
            if batch and (len(batch) + 1) * min(lengths[index], cap) > budget:
                batches.append(batch)
                batch = []
            batch.append(index)
        batches.append(batch)
    generator.shuffle(batches)
    yield from batches


class BatchStream(IterableDataset[Batch]):
    """An endless, seeded stream of ready batches for the Trainer (its own batch size is then 1)."""

    def __init__(self, lengths: Sequence[int], build: Callable[[list[int], np.random.Generator], Batch], *, budget: int, seed: int) -> None:
        self._lengths, self._build, self._budget, self._seed = lengths, build, budget, seed

    def __iter__(self) -> Iterator[Batch]:
        generator = np.random.default_rng(self._seed)
        while True:
            for batch in token_budget_batches(self._lengths, budget=self._budget, generator=generator):
                yield self._build(batch, generator)


def only_batch(batches: list[Batch]) -> Batch:
    """The data collator for `BatchStream`: the one ready batch."""
    return batches[0]

"""The order in which rows are learnt from: shuffled anew each epoch, rows of like length together, so that little is computed on padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Dataset, Sampler

from engine.training.goal import Place

# Rows of like length are sought among so many batches.
POOL_BATCHES = 8


class Places(Dataset[Place]):
    """All that a sampler names, as it names it: batches are made from it as a whole."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, place: Place) -> Place:
        return place


class LikeLengths(Sampler[Place]):
    """An epoch's order depends on the seed and the epoch alone. *Shape:* lengths (rows,), in pieces."""

    def __init__(self, lengths: Sequence[int], *, batch: int, seed: int) -> None:
        self._lengths, self._batch, self._seed = np.asarray(lengths), batch, seed
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def set_epoch(self, epoch: int) -> None:
        """Called by the training loop before each epoch."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[Place]:
        generator = np.random.default_rng((self._seed, self._epoch))
        order = generator.permutation(len(self._lengths))
        pool = self._batch * POOL_BATCHES
        batches = []
        for start in range(0, len(order), pool):
            part = order[start : start + pool]
            part = part[np.argsort(self._lengths[part], kind="stable")]
            batches += [part[i : i + self._batch] for i in range(0, len(part), self._batch)]
        short = [batch for batch in batches if len(batch) < self._batch]
        full = [batch for batch in batches if len(batch) == self._batch]
        generator.shuffle(full)
        for batch in (*full, *short):  # a short one in the middle would shift the borders of all that follow
            yield from ((self._epoch, int(row)) for row in batch)

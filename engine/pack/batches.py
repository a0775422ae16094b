"""Batches of a fixed token budget, texts of like length together, so that little is computed on padding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import IterableDataset, get_worker_info

Batch = dict[str, Any]
Lengths = Sequence[int] | NDArray[np.integer[Any]]


def token_budget_batches(
    lengths: Lengths, *, budget: int, generator: np.random.Generator, pool: int = 4_096, cap: int = 512
) -> Iterator[list[int]]:
    """One epoch of index batches: shuffled, sorted by length within pools, at most `budget` padded tokens each."""
    order = generator.permutation(len(lengths))
    batches: list[list[int]] = []
    for start in range(0, len(order), pool):
        chunk = sorted(order[start : start + pool].tolist(), key=lambda i: int(lengths[i]))
        batch: list[int] = []
        for index in chunk:
            if batch and (len(batch) + 1) * min(int(lengths[index]), cap) > budget:
                batches.append(batch)
                batch = []
            batch.append(index)
        batches.append(batch)
    generator.shuffle(batches)
    yield from batches


class BatchStream(IterableDataset[Batch]):
    """An endless, seeded stream of ready batches for the Trainer (its own batch size is then 1).

    Processes that make batches ready each have a seed of their own.
    """

    def __init__(self, lengths: Lengths, build: Callable[[list[int], np.random.Generator], Batch], *, budget: int, seed: int = 0) -> None:
        self._lengths, self._build, self._budget, self._seed = lengths, build, budget, seed

    def __iter__(self) -> Iterator[Batch]:
        return self.batches(self._seed + seed_of_process())

    def batches(self, seed: int) -> Iterator[Batch]:
        """The stream of another seed."""
        generator = np.random.default_rng(seed)
        while True:
            for batch in token_budget_batches(self._lengths, budget=self._budget, generator=generator):
                yield self._build(batch, generator)


class JoinedStream(IterableDataset[Batch]):
    """In each step a batch of the stream named `always`, and beside it one of the streams that take turns."""

    def __init__(self, streams: Mapping[str, BatchStream], *, always: str, turns: Sequence[str], seed: int) -> None:
        self._streams, self._always, self._turns, self._seed = streams, always, turns, seed

    def __iter__(self) -> Iterator[Batch]:
        seed = self._seed + seed_of_process()
        running = {name: stream.batches(seed + place) for place, (name, stream) in enumerate(self._streams.items())}
        for name in cycle(self._turns):
            yield {self._always: next(running[self._always]), name: next(running[name])}


class MixedStream(IterableDataset[Batch]):
    """In each step a batch of one of the streams, drawn by their shares, which add up to 1."""

    def __init__(self, streams: Sequence[BatchStream], *, shares: Sequence[float], seed: int) -> None:
        self._streams, self._shares, self._seed = streams, list(shares), seed

    def __iter__(self) -> Iterator[Batch]:
        seed = self._seed + seed_of_process()
        running = [stream.batches(seed + place) for place, stream in enumerate(self._streams)]
        generator = np.random.default_rng(seed)
        while True:
            yield next(running[int(generator.choice(len(running), p=self._shares))])


def seed_of_process() -> int:
    """What to add to a seed, far enough from that of other processes that make batches ready."""
    worker = get_worker_info()
    return 1_000 * worker.id if worker else 0


def only_batch(batches: list[Batch]) -> Batch:
    """The data collator for `BatchStream`: the one ready batch."""
    return batches[0]

"""Batches of a few fixed shapes and a token budget: texts of like length together, so that little is computed on padding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import IterableDataset, get_worker_info

Batch = dict[str, Any]
Lengths = Sequence[int] | NDArray[np.integer[Any]]
# A GPU replays a step that it has recorded, but each shape must be recorded by itself: so there are few.
WIDTHS = (8, 16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 224, 256, 384, 512)


class Build(Protocol):
    """Makes the batch of some rows, each row padded to `width` pieces."""

    def __call__(self, rows: list[int], generator: np.random.Generator, /, *, width: int) -> Batch: ...


def widths_for(lengths: Lengths) -> NDArray[np.int64]:
    """The narrowest width of a batch that takes each row of so many pieces. *Shape:* (rows,) → (rows,).

    Raises:
        ValueError: a row is longer than any batch is wide.
    """
    places = np.searchsorted(WIDTHS, lengths)
    if (places == len(WIDTHS)).any():
        raise ValueError(f"a row has {np.max(lengths)} pieces; the widest batch takes {WIDTHS[-1]}")
    return np.array(WIDTHS)[places]


def full_batches(lengths: Lengths, *, budget: int, generator: np.random.Generator, texts: int = 1) -> Iterator[tuple[int, list[int]]]:
    """Without end: (width, rows) with as many rows of up to that width as `budget` padded tokens take, at least one.

    Rows come in an order that is drawn anew for each epoch; a batch that an epoch leaves unfilled goes on in the next. A row has `texts`
    texts of at most its length.
    """
    widths = widths_for(lengths).tolist()
    waiting: defaultdict[int, list[int]] = defaultdict(list)
    while True:
        for row in generator.permutation(len(lengths)).tolist():
            width = widths[row]
            waiting[width].append(row)
            if len(waiting[width]) >= budget // (texts * width):
                yield width, waiting.pop(width)


def of_like_length(lengths: Lengths, *, at_once: int) -> Iterator[list[int]]:
    """All rows once, shortest first, `at_once` together, for texts that are only read."""
    order = np.argsort(lengths, kind="stable").tolist()
    yield from (order[start : start + at_once] for start in range(0, len(order), at_once))


class BatchStream(IterableDataset[Batch]):
    """An endless, seeded stream of ready batches.

    Processes that make batches ready each have a seed of their own.
    """

    def __init__(self, lengths: Lengths, build: Build, *, budget: int, texts: int = 1, seed: int = 0) -> None:
        self._lengths, self._build, self._budget, self._texts, self._seed = lengths, build, budget, texts, seed

    def __iter__(self) -> Iterator[Batch]:
        return self.batches(self._seed + seed_of_process())

    def batches(self, seed: int) -> Iterator[Batch]:
        """The stream of another seed."""
        generator = np.random.default_rng(seed)
        for width, rows in full_batches(self._lengths, budget=self._budget, generator=generator, texts=self._texts):
            yield self._build(rows, generator, width=width)


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

"""Asks a contestant by a number of people at once, each of whom asks again when the answer is there, and times every answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.contestants.contestant import Ask


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came of it. `client_ms` is the time that this process itself computed, a request."""

    per_s: float
    p50_ms: float
    p95_ms: float
    client_ms: float
    answers: tuple[Any, ...]  # in the order of what was asked


async def load(ask: Ask, asked: Sequence[Any], *, concurrency: int) -> Load:
    """Ask all, `concurrency` at a time."""
    answers: list[Any] = [None] * len(asked)
    times_s: list[float] = []
    waiting = iter(enumerate(asked))
    started, computed = time.perf_counter(), time.process_time()
    people = [asyncio.create_task(_ask_again_and_again(ask, waiting, answers, times_s)) for _ in range(concurrency)]
    try:
        await asyncio.gather(*people)
    finally:
        for person in people:
            person.cancel()
    wall_s, computed_s = time.perf_counter() - started, time.process_time() - computed
    return Load(
        per_s=len(asked) / wall_s,
        p50_ms=1_000 * percentile(times_s, 50),
        p95_ms=1_000 * percentile(times_s, 95),
        client_ms=1_000 * computed_s / len(asked),
        answers=tuple(answers),
    )


async def _ask_again_and_again(ask: Ask, waiting: Iterator[tuple[int, Any]], answers: list[Any], times_s: list[float]) -> None:
    for place, one in waiting:
        started = time.perf_counter()
        answers[place] = await ask(one)
        times_s.append(time.perf_counter() - started)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent lie below."""
    return float(np.percentile(np.asarray(values, dtype=np.float64), share))

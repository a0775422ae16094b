"""Timing in turns: each contestant once a round, so that what else the machine does meets all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Rounds = list[dict[str, float]]


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(contestants: Mapping[str, Callable[[], float]], *, rounds: int) -> Rounds:
    """What each contestant measures of itself, in each round; every other round the other way round."""
    names = list(contestants)
    return [{name: contestants[name]() for name in (names if number % 2 == 0 else names[::-1])} for number in range(rounds)]

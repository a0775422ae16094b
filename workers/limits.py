"""Ends a computation that takes longer than it may, by a timer's signal; only in the main thread."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rq.timeouts import JobTimeoutException


@contextmanager
def time_limit(limit_s: float) -> Iterator[None]:
    """Raise inside, after `limit_s` seconds. They nest: while an inner one runs, the time of the outer one stands still.

    RQ's own timer forgets the outer one.

    Raises:
        JobTimeoutException: the time is over.
    """
    before = signal.signal(signal.SIGALRM, _time_is_over)
    left_s, _ = signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        try:
            signal.setitimer(signal.ITIMER_REAL, left_s)
        except JobTimeoutException:  # it went off on the way out
            signal.setitimer(signal.ITIMER_REAL, left_s)
            raise
        finally:
            signal.signal(signal.SIGALRM, before)


def _time_is_over(number: int, frame: FrameType | None) -> None:
    raise JobTimeoutException("not done in time")

"""Ends a computation that takes longer than it may, by a timer's signal; only in the main thread."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rq.timeouts import JobTimeoutException

NOT_IN_TIME = "not done in time"


@contextmanager
def time_limit(limit_s: float) -> Iterator[None]:
    """Raise inside, after `limit_s` seconds. They nest: while an inner one runs, the time of the outer one stands still.

    RQ's own timer forgets the outer one.

    Raises:
        JobTimeoutException: the time is over. Code that is not Python's, such as a tokenizer that calls us back, makes another error of it
            on its way out; that one does not get out of here.
    """
    over = False

    def time_is_over(number: int, frame: FrameType | None) -> None:
        nonlocal over
        over = True
        raise JobTimeoutException(NOT_IN_TIME)

    before = signal.signal(signal.SIGALRM, time_is_over)
    left_s, _ = signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    except JobTimeoutException:
        raise
    except Exception as error:
        if over:
            raise JobTimeoutException(NOT_IN_TIME) from error
        raise
    finally:
        try:
            signal.setitimer(signal.ITIMER_REAL, left_s)
        except JobTimeoutException:  # it went off on the way out
            signal.setitimer(signal.ITIMER_REAL, left_s)
            raise
        finally:
            signal.signal(signal.SIGALRM, before)

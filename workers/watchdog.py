"""Ends this process where what it computes hangs outside of Python (a driver, a library), where no timer's signal gets through."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Lock, Thread

from workers.carried import LONGEST_TIMEOUT_S
from workers.limits import time_limit
from workers.observing.health import OK

log = logging.getLogger("yomite.worker")

MARGIN_S = 30.0  # so long after its time is over a computation counts as hung
LOOK_S = 1.0
EXIT_CODE = 1
STDERR = 2  # faulthandler writes to a file descriptor, whatever Python thinks of it


class Watchdog:
    """One worker's. From a thread of its own it looks whether the main thread's computation has ended in time.

    A process that hangs would go on saying that it lives, and its jobs would never be given up. So it ends, hard: whoever started it
    starts another one, and its jobs are run again as those of a worker that crashed. Where the hanging code also holds Python's lock,
    this thread stands still, too: for that, a timer of faulthandler's, in C, is set to one or two margins later.
    """

    def __init__(self, *, margin_s: float = MARGIN_S, look_s: float = LOOK_S) -> None:
        self._margin_s = margin_s
        self._look_s = look_s
        self._lock = Lock()
        self._end_at: float | None = None  # by the monotonic clock, as the next one; None: nothing is computed
        self._timer_at: float | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._disarm()  # also where it was never started: the timer in C would end the process all the same

    def check(self) -> str:
        """Whether what is computed is within its time, in the words of `workers.observing.health`."""
        end_at = self._end_at
        late_s = 0.0 if end_at is None else time.monotonic() - end_at + self._margin_s
        return OK if late_s <= 0.0 else f"a computation is {late_s:.0f} s beyond its time"

    def limit(self, limit_s: float) -> AbstractContextManager[None]:
        """As `time_limit`; where its exception does not come through, the process ends `margin_s` seconds later."""
        return self._within(limit_s, ends=True)

    def standing_still(self) -> AbstractContextManager[None]:
        """Inside, the time of what is computed outside stands still, and nothing ends the process."""
        return self._within(LONGEST_TIMEOUT_S, ends=False)

    @contextmanager
    def _within(self, limit_s: float, *, ends: bool) -> Iterator[None]:
        outer, began = self._end_at, time.monotonic()
        self._expect(began + limit_s + self._margin_s if ends else None)
        try:
            with time_limit(limit_s):
                yield
        finally:
            self._expect(None if outer is None else outer + time.monotonic() - began)

    def _expect(self, end_at: float | None) -> None:
        with self._lock:
            self._end_at = end_at
            if end_at is None:
                return
            # Set anew every few seconds at most: that takes as long as asking Redis something.
            earliest, latest = end_at + self._margin_s, end_at + 2 * self._margin_s
            if self._timer_at is None or not earliest <= self._timer_at <= latest:
                faulthandler.dump_traceback_later(max(0.001, latest - time.monotonic()), exit=True, file=STDERR)
                self._timer_at = latest

    def _run(self) -> None:
        while not self._stop.wait(self._look_s):
            end_at = self._end_at
            if end_at is None:
                self._disarm()
            elif time.monotonic() >= end_at:
                self._end()
        self._disarm()

    def _disarm(self) -> None:
        with self._lock:
            if self._end_at is None and self._timer_at is not None:
                faulthandler.cancel_dump_traceback_later()
                self._timer_at = None

    def _end(self) -> None:
        faulthandler.dump_traceback(file=STDERR)  # names of files and functions, no values
        log.error("a computation hangs outside of Python, %g s after its time was over; this process ends", self._margin_s)
        sys.stderr.flush()
        os._exit(EXIT_CODE)

"""What a worker does while Redis is away or full: it tries again, until that is over or the worker is to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from redis.exceptions import ConnectionError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError, TimeoutError

log = logging.getLogger("yomite.worker")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
FAREWELL_S = 5.0  # how long a worker that is to stop waits for Redis to come back


class Patience:
    """One worker's. `asked_to_stop` gives the moment at which it was, by the monotonic clock; 0: it was not. For any thread."""

    def __init__(self, asked_to_stop: Callable[[], float]) -> None:
        self._asked_to_stop = asked_to_stop
        self._away = False  # whether it was said that Redis is

    def insist(self, act: Callable[[], None]) -> None:
        """Do it, again and again while Redis is away or full.

        Raises:
            RedisError: it refuses, or this worker is to stop.
        """
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return act()
            except RedisError as error:
                if not passes(error):
                    raise
                stop = self._asked_to_stop()
                if stop and time.monotonic() - stop > FAREWELL_S:
                    raise
                self.pause(error, seconds=pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def pause(self, error: RedisError, *, seconds: float = FIRST_PAUSE_S) -> None:
        """Wait a little, but not where this worker is to stop."""
        if not self._away:
            self._away = True
            # Without the error's own words: they may quote a command, and with it somebody's text.
            log.warning("trouble with Redis (%s); trying again until it is over", type(error).__name__)
        end = time.monotonic() + seconds
        time.sleep(0.1)
        while time.monotonic() < end and not self._asked_to_stop():
            time.sleep(0.1)

    def over(self) -> None:
        """Redis answers."""
        self._away = False


def passes(error: RedisError) -> bool:
    """Whether the same may go well later: Redis is away, has no room (in memory, or for its file), or is a copy for the moment."""
    if isinstance(error, ResponseError):
        # A command's own words may stand before: somebody's text must not be taken for the reason.
        reason = str(error).rpartition("caused error: ")[2]
        return isinstance(error, OutOfMemoryError | ReadOnlyError) or reason.startswith(("MISCONF", "NOREPLICAS"))
    return isinstance(error, ConnectionError | TimeoutError)

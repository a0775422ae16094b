"""`python -m tests.support.hanging URL MARGIN_S`: a worker whose engine hangs at some texts as a driver does: no signal gets through."""

from __future__ import annotations

import ctypes
import logging
import sys
import time

from redis import Redis

from tests.support.working import RecordingEngine
from workers.composition import connect
from workers.worker import BatchingWorker

HANG_FREE = "固まる"  # other threads go on: the library gives Python's lock back while it waits
HANG_HELD = "hangs and holds Python's lock"
SLOW = "遅い"  # for a minute, but in Python
WAIT = "ちょっと待って"  # for two seconds
HOLD = "合図まで待って"  # until there is this key
GO_ON = "test:go-on"


def hang(library: ctypes.CDLL) -> None:
    """Wait for a lock that nobody gives back: not even a signal ends that."""
    lock = ctypes.create_string_buffer(256)  # all zeros, as PTHREAD_MUTEX_INITIALIZER is on Linux; more than it needs
    library.pthread_mutex_lock(lock)
    library.pthread_mutex_lock(lock)


def on_text(text: str, connection: Redis) -> None:
    """Hang, be slow, or nothing."""
    if text == HANG_FREE:
        hang(ctypes.CDLL(None))
    elif text == HANG_HELD:
        hang(ctypes.PyDLL(None))
    elif text == SLOW:
        time.sleep(60)
    elif text == WAIT:
        time.sleep(2)
    elif text == HOLD:
        while not connection.exists(GO_ON):
            time.sleep(0.01)


def main() -> None:
    """Work until told to stop."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    with connect(sys.argv[1]) as connection:
        engine = RecordingEngine(lambda text: on_text(text, connection))
        BatchingWorker(connection, engine, batch=8, hung_after_s=float(sys.argv[2])).work()


if __name__ == "__main__":
    main()

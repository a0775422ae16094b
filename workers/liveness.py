"""Which workers are alive: each says so every few seconds, and is dead to the others when it stops saying it."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from workers.queue import names
from workers.queue.places import place, process_is_gone

__all__ = ["BEAT_S", "TTL_S", "Heart", "dead_takers", "place", "process_is_gone"]

log = logging.getLogger("yomite.worker")

BEAT_S = 4.0
TTL_S = 20  # a worker that has not been heard for so long is dead


def dead_takers(connection: Redis, *, but: str) -> list[str]:
    """Workers that have taken jobs and are no more, without `but`."""
    found: Any = connection.smembers(names.TAKERS)
    workers = sorted(name for name in (member.decode("utf-8", "replace") for member in found) if name != but)
    if not workers:
        return []
    with connection.pipeline(transaction=False) as pipe:
        for worker in workers:
            pipe.hmget(f"rq:worker:{worker}", "place", "pid", "death")
        rows = pipe.execute()
    return [worker for worker, row in zip(workers, rows, strict=True) if _is_dead(*row)]


def _is_dead(where: bytes | None, pid: bytes | None, death: bytes | None) -> bool:
    if where is None or pid is None or death is not None:  # its key has expired, or it said goodbye
        return True
    return where.decode("utf-8", "replace") == place() and pid.isdigit() and process_is_gone(int(pid))


class Heart:
    """Does each of `acts` every few seconds, from a thread of its own, also while the worker computes. One that fails stops no other."""

    def __init__(self, *acts: Callable[[], None], every_s: float = BEAT_S) -> None:
        self._acts = acts
        self._every_s = every_s
        self._stopped = False
        self._wake: SimpleQueue[None] = SimpleQueue()  # not an Event, whose lock a signal's handler may not take
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Start beating."""
        self._thread.start()

    @property
    def beats(self) -> bool:
        """Whether it has been started, and not stopped."""
        return self._thread.is_alive() and not self._stopped

    def soon(self) -> None:
        """Beat now, without waiting for it. Also from a signal's handler."""
        self._wake.put(None)

    def stop(self) -> None:
        """Stop, and wait for the last beat."""
        self._stopped = True
        self._wake.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while True:
            with contextlib.suppress(Empty):
                self._wake.get(timeout=self._every_s)
            if self._stopped:
                return
            for act in self._acts:
                _try(act)


def _try(act: Callable[[], None]) -> None:
    try:
        act()
    except RedisError:  # the worker's own thread meets the same error and says it
        pass
    except Exception as error:  # noqa: BLE001  # a heart that stands still would make a living worker a dead one
        log.error("unexpected %s in the heartbeat\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))

"""Which workers are alive: each says so every few seconds, and is dead to the others when it stops saying it."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from workers.queue import names

BEAT_S = 4.0
TTL_S = 20  # a worker that has not been heard for so long is dead


def place() -> str:
    """Where process ids mean the same: this boot of this machine, and within it this container."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return socket.gethostname()


def process_is_gone(pid: int) -> bool:
    """Whether no process of this id runs here; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


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
    """Calls `beat` every few seconds from a thread of its own, also while the worker computes."""

    def __init__(self, beat: Callable[[], None], *, every_s: float = BEAT_S) -> None:
        self._beat = beat
        self._every_s = every_s
        self._stop = Event()
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Start beating."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for the last beat."""
        self._stop.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            with contextlib.suppress(RedisError):  # the worker's own thread meets the same error and says it
                self._beat()

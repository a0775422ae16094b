"""Whether a process lives, and whether it can serve now: what is looked at, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from workers.queue.connections import open_blocking

OK = "ok"
REDIS_PATIENCE_S = 1.0  # for a Redis that is asked whether it is there
Check = Callable[[], str]  # `OK`, or in a few words what is wrong: no text of a person, no address


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What each check said."""

    checks: Mapping[str, str]

    @property
    def well(self) -> bool:
        """Whether all of them are."""
        return all(said == OK for said in self.checks.values())


def look(checks: Mapping[str, Check]) -> Seen:
    """Ask all of them."""
    return Seen(checks={name: check() for name, check in checks.items()})


class Beat:
    """Something that should happen again and again, and when it last did. For any thread."""

    def __init__(self, *, late_after_s: float) -> None:
        self._late_after_s = late_after_s
        self._last: float | None = None  # None: it has not begun

    def __call__(self) -> None:
        """It happened."""
        self._last = time.monotonic()

    def check(self) -> str:
        """Whether it goes on; what has not begun is not late."""
        last = self._last
        still_s = 0.0 if last is None else time.monotonic() - last
        return OK if still_s <= self._late_after_s else f"has stood still for {still_s:.0f} s"


def open_impatient(redis_url: str) -> Redis:
    """A connection that gives up soon: who looks at a process should not wait.

    Raises:
        ValueError: the address is none; its text does not show it.
    """
    patience = {"socket_timeout": REDIS_PATIENCE_S, "socket_connect_timeout": REDIS_PATIENCE_S}
    return open_blocking(redis_url, retry=Retry(NoBackoff(), 0), **patience)


def redis_check(connection: Redis) -> Check:
    """Whether Redis answers; for a connection of `open_impatient`."""

    def check() -> str:
        try:
            connection.ping()
        except RedisError as error:
            return f"away ({type(error).__name__})"
        return OK

    return check

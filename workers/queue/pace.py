"""How fast questions are answered: workers count what they finish, minute by minute, and the bot tells from it how long a wait is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import redis.asyncio
from redis.client import Pipeline

from workers.queue import names

MINUTE_S = 60
KEPT_S = 3 * MINUTE_S


def count_finished(pipe: Pipeline, count: int) -> None:
    """Count jobs that a worker has just finished, within `pipe`."""
    key = names.pace(_minute())
    pipe.incrby(key, count)
    pipe.expire(key, KEPT_S)


async def read_pace(connection: redis.asyncio.Redis) -> float:
    """How many jobs were finished within the last minute (0: none, as far as is known).

    The minute is one that slides: of the last whole minute the part counts that is not over 60 s ago, as if it had been even.

    Raises:
        redis.exceptions.RedisError: Redis cannot be reached.
    """
    now = time.time()
    counted: Any = await connection.mget(counted_minutes(now))
    return pace_of(counted, now)


def counted_minutes(now: float) -> list[str]:
    """The keys that hold what `pace_of` needs; `now` in seconds since 1970."""
    return [names.pace(_minute(now)), names.pace(_minute(now) - 1)]


def pace_of(counted: Sequence[bytes | None], now: float) -> float:
    """How many jobs were finished within the minute before `now`, from the values of `counted_minutes`."""
    this, last = (int(count or 0) for count in counted)
    return this + last * (1 - now % MINUTE_S / MINUTE_S)


def _minute(now: float | None = None) -> int:
    """Of all minutes since 1970."""
    return int((time.time() if now is None else now) // MINUTE_S)

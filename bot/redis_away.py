"""Says in words that Redis cannot be used, where a person at a terminal would see a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.errors import PlatformError


@contextmanager
def redis_in_words() -> Iterator[None]:
    """What Redis' client raises within becomes an error with a message for the person.

    Raises:
        PlatformError: Redis cannot be reached, or does not do what it is asked.
    """
    try:
        yield
    except Exception as error:
        # Looked up and not imported: where nothing was asked of Redis, its client is not loaded for other errors.
        client = sys.modules.get("redis.exceptions")
        if client is None or not isinstance(error, client.RedisError):
            raise
        raise cannot_use_redis(error) from error


def cannot_use_redis(error: Exception) -> PlatformError:
    """The error for a Redis that cannot be used; says of `error` only its kind, since its message may hold a password."""
    return PlatformError(
        ja=f"Redis を使えません（{type(error).__name__}）。動いているか、REDIS_URL が正しいかを確かめてください。",
        en=f"Redis cannot be used ({type(error).__name__}). See whether it runs, and whether REDIS_URL is right.",
    )

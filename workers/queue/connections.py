"""The bot's connections to Redis: many things at once share some, and wait for a free one where all are busy."""

from __future__ import annotations

import redis.asyncio

MOST_CONNECTIONS = 64
PATIENCE_S = 20.0  # for a free connection; each is busy for milliseconds, but for a few that wait for answers


def open_async(url: str) -> redis.asyncio.Redis:
    """A client for an event loop. redis-py's own refuses when a hundred people ask at the same moment.

    Raises:
        ValueError: the address is none.
    """
    pool = redis.asyncio.BlockingConnectionPool.from_url(url, max_connections=MOST_CONNECTIONS, timeout=PATIENCE_S)
    return redis.asyncio.Redis.from_pool(pool)

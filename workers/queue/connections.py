"""Opens every connection to Redis: to the one server that an address names, or to the master that sentinels name, also after a failover."""

from __future__ import annotations

import socket
from typing import Any

import redis.asyncio
from redis import Redis
from redis.asyncio import sentinel as async_sentinel
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.exceptions import ConnectionError as NoConnection, ReadOnlyError, RedisError, ResponseError, TimeoutError as NoResponse
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from workers.queue.addresses import SentinelAddress, read_address

MOST_CONNECTIONS = 64
PATIENCE_S = 20.0  # for a free connection; each is busy for milliseconds, but for a few that wait for answers
SENTINEL_S = 1.0  # for a sentinel to respond: where one is gone, the next one is asked
CONNECT_S = 5.0  # for a master to accept a connection
# A master whose machine is gone says nothing any more: so its connections are found dead within some 15 s, also those that only wait.
_FOUND_DEAD = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}


def open_blocking(url: str, **options: Any) -> Redis:
    """A client for a thread; nothing is connected before its first command. `options` are those of a redis-py connection.

    Raises:
        ValueError: the address is none; its text does not show it.
    """
    address = read_address(url)
    if not isinstance(address, SentinelAddress):
        return Redis.from_url(address, **options)
    sentinel = Sentinel(address.sentinels, sentinel_kwargs=_to_sentinels(address))
    pool = _Pool(address.service, sentinel, **{**_to_master(address), **options})  # type: ignore[no-untyped-call]  # published without types
    return Redis.from_pool(pool)


def open_async(url: str) -> redis.asyncio.Redis:
    """A client for an event loop. redis-py's own refuses when a hundred people ask at the same moment.

    Raises:
        ValueError: the address is none; its text does not show it.
    """
    address = read_address(url)
    if not isinstance(address, SentinelAddress):
        pool = redis.asyncio.BlockingConnectionPool.from_url(address, max_connections=MOST_CONNECTIONS, timeout=PATIENCE_S)
        return redis.asyncio.Redis.from_pool(pool)
    sentinel = async_sentinel.Sentinel(address.sentinels, sentinel_kwargs=_to_sentinels(address))
    waiting = {"max_connections": MOST_CONNECTIONS, "timeout": PATIENCE_S}
    shared = _AsyncPool(address.service, sentinel, **{**_to_master(address), **waiting})  # type: ignore[no-untyped-call]  # as above
    return redis.asyncio.Redis.from_pool(shared)


def is_away(error: RedisError) -> bool:
    """Whether the same may go well in a moment: nobody responds, or whoever does is no master, or not yet one with copies enough."""
    if isinstance(error, ResponseError):
        reason = str(error).rpartition("caused error: ")[2]  # before it a command's own words may stand, which say nothing of it
        return isinstance(error, ReadOnlyError) or any(f"{code} " in reason for code in ("NOREPLICAS", "READONLY"))
    return isinstance(error, NoConnection | NoResponse)


class _Pool(SentinelConnectionPool):
    """Connections to whoever is the master: each asks the sentinels before it connects, and the old master's are dropped when it changes."""

    def disconnect(self, inuse_connections: bool = True) -> None:
        """With all of them, those to the sentinels."""
        super().disconnect(inuse_connections)
        if inuse_connections:
            self.sentinel_manager.close()


class _AsyncPool(async_sentinel.SentinelConnectionPool, redis.asyncio.BlockingConnectionPool):
    """The same for an event loop; where all are busy, one waits for a free one."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        """With all of them, those to the sentinels."""
        await super().disconnect(inuse_connections)
        if inuse_connections:
            await self.sentinel_manager.aclose()


def _to_master(address: SentinelAddress) -> dict[str, Any]:
    said = parse_url(address.server)
    found = {"socket_connect_timeout": CONNECT_S, "socket_keepalive": True, "socket_keepalive_options": _found_dead(), **said}
    return found | ({"ssl": True} if address.tls else {})


def _to_sentinels(address: SentinelAddress) -> dict[str, Any]:
    tls = {name: value for name, value in parse_url(address.server).items() if name.startswith("ssl_")} | {"ssl": address.tls}
    # Asked again by whoever wants a connection: with a pause of its own, one that is gone would keep everybody from the next.
    quick = {"socket_timeout": SENTINEL_S, "socket_connect_timeout": SENTINEL_S, "retry": Retry(NoBackoff(), 0)}
    return {"username": address.sentinel_username, "password": address.sentinel_password, **quick, **tls}


def _found_dead() -> dict[int, int]:
    """What this system can be told of it."""
    return {getattr(socket, name): value for name, value in _FOUND_DEAD.items() if hasattr(socket, name)}

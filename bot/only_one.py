"""Sees to it that one process at a time serves a platform whose answers must come back to where the question was taken."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform as machine
from types import TracebackType
from typing import Self

import redis.asyncio
from redis.exceptions import RedisError

from bot.deliveries import stop
from bot.errors import PlatformError
from workers.queue import names
from workers.queue.consumers import dead_among, own_name

log = logging.getLogger("yomite.only_one")

LEASE_S = 8.0  # a process that is gone from another machine is known to be so after that
RENEW_S = 2.0
LOOK_S = 0.5  # how often to look whether another one renews its lease

# KEYS: the place. ARGV: whom it is for, how long in ms, and a holder that is known to be gone. Returns another holder, and for how many ms.
_HOLD = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then return {holder, redis.call('PTTL', KEYS[1])} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {}
"""
_LET_GO = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class OnlyOne:
    """The place of the one who serves a platform, held while it is entered. For one event loop.

    Where Redis is away nobody is refused; the place is taken when it is back.
    """

    def __init__(self, connection: redis.asyncio.Redis, *, platform: str, name: str | None = None) -> None:
        """`name` is this process's, as those of consumers."""
        self._key = names.serving(platform)
        self._me = f"{name or own_name()} {machine.node()}"
        self._hold_script, self._let_go_script = connection.register_script(_HOLD), connection.register_script(_LET_GO)
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Take the place.

        Raises:
            PlatformError: another process has it and lives.
        """
        with contextlib.suppress(RedisError):
            await self._take()
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._keeping is not None:
            await stop([self._keeping])
        with contextlib.suppress(RedisError):
            await self._let_go_script(keys=[self._key], args=[self._me])

    async def _take(self) -> None:
        left_ms: int | None = None
        while (found := await self._hold()) is not None:
            other, now_left_ms = found
            if left_ms is not None and now_left_ms > left_ms:  # it has renewed its lease: it lives
                raise _another_serves(other)
            left_ms = now_left_ms
            await asyncio.sleep(LOOK_S)

    async def _hold(self) -> tuple[str, int] | None:
        """Take the place or keep it; returns who else has it, and for how many ms. One who is known to be dead has it no more."""
        gone = ""
        while True:
            found = await self._hold_script(keys=[self._key], args=[self._me, int(LEASE_S * 1_000), gone])
            if not found:
                return None
            other, left_ms = found[0].decode(), int(found[1])
            if other == gone or not dead_among([{"name": other.partition(" ")[0]}]):
                return other, left_ms
            gone = other

    async def _keep(self) -> None:
        told = False
        while True:
            await asyncio.sleep(RENEW_S)
            with contextlib.suppress(RedisError):
                found = await self._hold()
                if found is not None and not told:  # it came while Redis was away, or this process stood still
                    log.error("%s", _another_serves(found[0]).message.en)
                told = found is not None


def _another_serves(other: str) -> PlatformError:
    name, _, host = other.partition(" ")
    number = name.split("-")[2] if name.count("-") > 2 else "?"
    return PlatformError(
        ja=f"チャットページは、同じ Redis を使う別の Yomite（{host} のプロセス {number}）が受け持っています。ページを受け持てるのは 1 つだけです。"
        "そちらを止めてから起動し直すか、ここでは `yomite serve slack discord` のようにページなしで動かしてください。",
        en=f"The chat page is served by another Yomite on this Redis (process {number} on {host}), and only one can serve it. "
        "Stop that one and start this again, or start this without the page, as with `yomite serve slack discord`.",
    )

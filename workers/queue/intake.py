"""What was said and is not handed over yet: leased by the bot that reads it, and written down so that another one can go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import redis.asyncio
from redis.exceptions import RedisError

from workers.queue import names
from workers.queue.handover import SEEN_TTL_S

log = logging.getLogger("yomite.intake")

LEASE_S = 20  # what a dead bot was reading is free again after so long
RENEW_EVERY_S = 5.0

# "held": somebody reads it just now. "over": it was handed over, or answered without a job.
Taking = Literal["ours", "held", "over"]
Event = tuple[str, str]  # a platform and the id of one of its events

# KEYS: the event's mark, its platform's intake.
# ARGV: what marks it as ours, seconds of the lease, the event's id, what is written down ('': nothing), seconds that the intake is kept.
# Returns what stands there already, nil where it is ours now.
_TAKE = """
local held = redis.call('GET', KEYS[1])
if held then return held end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
  redis.call('EXPIRE', KEYS[2], ARGV[5])
end
return false
"""

# KEYS: marks of events. ARGV: what marks them as ours, seconds of the lease (0: give it up).
_LEASE = """
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('EXPIRE', key, ARGV[2]) end
end
"""


@dataclass(frozen=True, kw_only=True)
class Left:
    """An event that a bot was reading when it ended. `told` is what its platform wrote down, `tried` how often it was read.

    `at` is when it was taken in first, in seconds since 1970.
    """

    event_id: str
    told: dict[str, Any]
    tried: int
    at: float


class Intake:
    """One bot's. For one event loop. A lease lasts while its bot lives, however long the reading takes.

    Every method raises `redis.exceptions.RedisError` where Redis cannot be reached, unless it says otherwise.
    """

    def __init__(self, connection: redis.asyncio.Redis, *, keep_s: int) -> None:
        """`keep_s`: how long an event that nobody reads is kept, in seconds."""
        self._redis = connection
        self._keep_s = keep_s
        self._mark = f"lease-{uuid.uuid4().hex}".encode()
        self._take, self._lease = connection.register_script(_TAKE), connection.register_script(_LEASE)
        self._held: set[Event] = set()
        self._taking: set[Event] = set()
        self._unsettled: set[Event] = set()  # over, but Redis could not be told
        self._tending: asyncio.Task[None] | None = None

    async def take(self, platform: str, event_id: str, *, told: Mapping[str, Any] | None = None, tried: int = 0, at: float = 0.0) -> Taking:
        """Take an event in for reading. With `told`, another bot can take it up where this one ends; see `left`.

        May be called again where Redis could not be reached: it may have taken the event in all the same.
        """
        event = platform, event_id
        if event in self._taking:  # told twice, just now
            return "held"
        self._taking.add(event)
        try:
            return await self._take_in(event, told=told, tried=tried, at=at)
        finally:
            self._taking.discard(event)

    async def _take_in(self, event: Event, *, told: Mapping[str, Any] | None, tried: int, at: float) -> Taking:
        platform, event_id = event
        written = "" if told is None else json.dumps({"told": told, "tried": tried + 1, "at": at or time.time()})
        keys = [names.seen(platform, event_id), names.intake(platform)]
        found = await self._take(keys=keys, args=[self._mark, LEASE_S, event_id, written, self._keep_s])
        if found is not None and (found != self._mark or event in self._held):
            return "over" if found == names.OVER.encode() else "held"
        self._held.add(event)
        self._tend()
        return "ours"

    def handed_over(self, platform: str, event_id: str) -> None:
        """It became a job: its lease is over already."""
        self._held.discard((platform, event_id))

    async def settle(self, platform: str, event_id: str) -> None:
        """It needs no job, and the person has their reply. Raises nothing: Redis is told when it is back."""
        event = platform, event_id
        self._held.discard(event)
        self._unsettled.add(event)
        try:
            await self._settle(event)
        except RedisError:
            self._tend()

    async def release(self, platform: str, event_id: str) -> None:
        """Read it no more: whoever is told of it, or finds it written down, may take it. Raises nothing: the lease ends by itself."""
        self._held.discard((platform, event_id))
        with contextlib.suppress(RedisError):
            await self._lease(keys=[names.seen(platform, event_id)], args=[self._mark, 0])

    async def left(self, platform: str) -> list[Left]:
        """What bots wrote down, and nobody reads now; oldest first. What is too old is dropped."""
        found: Any = await self._redis.hgetall(names.intake(platform))
        if not found:
            return []
        events = [event_id.decode() for event_id in found]
        marks = await self._redis.mget([names.seen(platform, event_id) for event_id in events])
        free = [_left(event_id, found[event_id.encode()]) for event_id, mark in zip(events, marks, strict=True) if mark is None]
        late = [each for each in free if time.time() - each.at > self._keep_s]
        if late:
            log.warning("%d events on %s were taken in too long ago and are dropped", len(late), platform)
            await self._redis.hdel(names.intake(platform), *(each.event_id for each in late))
        return sorted((each for each in free if each not in late), key=lambda each: each.at)

    async def _settle(self, event: Event) -> None:
        platform, event_id = event
        async with self._redis.pipeline() as pipe:
            pipe.set(names.seen(platform, event_id), names.OVER, ex=SEEN_TTL_S)
            pipe.hdel(names.intake(platform), event_id)
            await pipe.execute()
        self._unsettled.discard(event)

    def _tend(self) -> None:
        if self._tending is None or self._tending.done():
            self._tending = asyncio.get_running_loop().create_task(self._keep_up())

    async def _keep_up(self) -> None:
        while self._held or self._unsettled:
            await asyncio.sleep(RENEW_EVERY_S)
            with contextlib.suppress(RedisError):
                if self._held:
                    await self._lease(keys=[names.seen(*event) for event in self._held], args=[self._mark, LEASE_S])
                for event in list(self._unsettled):
                    await self._settle(event)


def _left(event_id: str, written: bytes) -> Left:
    """What was written down; what cannot be read is as old as can be."""
    try:
        known = json.loads(written)
        return Left(event_id=event_id, told=dict(known["told"]), tried=int(known["tried"]), at=float(known["at"]))
    except (ValueError, TypeError, KeyError):
        return Left(event_id=event_id, told={}, tried=0, at=0.0)

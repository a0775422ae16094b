"""The door for an event loop: hands Requests over; those that come at the same moment in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import redis.asyncio
from redis.exceptions import NoScriptError

from engine.contract import Request
from workers.queue.at_once import AtOnce
from workers.queue.handover import HAND_OVER, Handing, Handover, handover
from workers.queue.settings import QueueSettings


class AsyncDoor:
    """Where an event loop hands Requests over, as a thread does at `door.JobQueue`.

    Every method raises `redis.exceptions.RedisError` where Redis cannot be reached.
    """

    def __init__(self, connection: redis.asyncio.Redis, settings: QueueSettings | None = None) -> None:
        self._redis = connection
        self._settings = settings or QueueSettings()
        self._digest = connection.register_script(HAND_OVER).sha
        self._at_once: AtOnce[Handover, Any] = AtOnce(self._hand_over)

    async def submit(self, request: Request, **how: Unpack[Handing]) -> str:
        """Hand over a Request, as `JobQueue.submit` does; returns the id of its job.

        Raises:
            NoRoom: so many wait already that it is not taken.
        """
        job = handover(request, self._settings, **how)
        reply = await self._at_once(job)
        if isinstance(reply, Exception):
            raise reply
        job.check(reply)
        return job.job_id

    async def _hand_over(self, jobs: Sequence[Handover]) -> Sequence[Any]:
        replies = await self._send(jobs)
        if any(isinstance(reply, NoScriptError) for reply in replies):  # new to this Redis, or it has been restarted
            await self._redis.script_load(HAND_OVER)
            replies = await self._send(jobs)
        return replies

    async def _send(self, jobs: Sequence[Handover]) -> list[Any]:
        """What Redis says to each; a refusal is an exception in its place. What was handed over before is not changed by it."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for job in jobs:
                pipe.evalsha(self._digest, len(job.keys), *job.keys, *job.arguments)
            return await pipe.execute(raise_on_error=False)

"""What is kept of jobs whose answers were posted, for as long as people may say what they think of them."""

from __future__ import annotations

import json
from typing import Any

import redis.asyncio

from workers.queue import names


class AnsweredJobs:
    """One record a job, in Redis for `keep_s` seconds. For one event loop.

    Every method raises `redis.exceptions.RedisError` where Redis cannot be reached.
    """

    def __init__(self, connection: redis.asyncio.Redis, *, keep_s: int) -> None:
        self._redis = connection
        self._keep_s = keep_s

    async def keep(self, job_id: str, record: dict[str, Any]) -> None:
        """Keep the record; once more changes nothing but how long."""
        await self._redis.set(names.answered(job_id), json.dumps(record), ex=self._keep_s)

    async def find(self, job_id: str) -> dict[str, Any] | None:
        """The record; None where there is none, or none any more."""
        found = await self._redis.get(names.answered(job_id))
        record: dict[str, Any] | None = json.loads(found) if found else None
        return record

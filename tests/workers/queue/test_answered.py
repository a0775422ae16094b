"""What an answer was about stays for its time, also over a restart of Redis."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import redis.asyncio
from redis import Redis

from workers.queue import names
from workers.queue.answered import AnsweredJobs
from workers.queue.server import EmbeddedRedis


def find(url: str, job_id: str, *, keep: dict[str, Any] | None = None) -> dict[str, Any] | None:
    async def run() -> dict[str, Any] | None:
        connection = redis.asyncio.Redis.from_url(url)
        try:
            answered = AnsweredJobs(connection, keep_s=100)
            if keep is not None:
                await answered.keep(job_id, keep)
            return await answered.find(job_id)
        finally:
            await connection.aclose()

    return asyncio.run(run())


def test_a_record_is_found_for_as_long_as_it_is_kept(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server:
        assert find(server.url, "j1", keep={"text": "楽しい"}) == {"text": "楽しい"}
        assert find(server.url, "j2") is None
        with Redis.from_url(server.url) as connection:
            assert 90 < connection.ttl(names.answered("j1")) <= 100  # type: ignore[operator]  # not the asynchronous client


def test_a_record_outlives_a_restart_of_redis(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=True) as server:
        find(server.url, "j1", keep={"text": "fun"})
    with EmbeddedRedis(tmp_path, durable=True) as server:
        assert find(server.url, "j1") == {"text": "fun"}

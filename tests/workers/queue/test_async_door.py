"""From an event loop Requests are handed over as from a thread: each once, many together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import redis.asyncio
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from engine.contract import SentimentRequest
from tests.support.working import PLATFORM, RecordingEngine, answered, work_off
from workers.queue import names
from workers.queue.async_door import AsyncDoor
from workers.queue.door import JobQueue
from workers.queue.handover import NoRoom
from workers.queue.server import EmbeddedRedis

REQUEST = SentimentRequest(text="良い")


def at_door(server: EmbeddedRedis, work: Callable[[AsyncDoor], Awaitable[None]]) -> None:
    async def connected() -> None:
        async with redis.asyncio.Redis.from_url(server.url) as connection:
            await work(AsyncDoor(connection))

    asyncio.run(connected())


def waiting(redis: Redis) -> list[str]:
    found: Any = redis.lrange(f"rq:queue:{names.SHORT}", 0, -1)
    return [job_id.decode() for job_id in found]


def test_many_that_come_together_are_all_handed_over_in_their_order(server: EmbeddedRedis, redis: Redis) -> None:
    jobs = [f"j{number}" for number in range(50)]

    async def work(door: AsyncDoor) -> None:
        assert await asyncio.gather(*(door.submit(REQUEST, platform=PLATFORM, job_id=job) for job in jobs)) == jobs

    at_door(server, work)
    assert waiting(redis) == jobs
    work_off(redis, RecordingEngine())
    assert sorted(answered(redis)) == sorted(jobs)


def test_the_same_job_is_one_job_whoever_hands_it_over(server: EmbeddedRedis, redis: Redis, queue: JobQueue) -> None:
    queue.submit(REQUEST, platform=PLATFORM, job_id="from-a-thread", record={"first": True})

    async def work(door: AsyncDoor) -> None:
        for job in ("from-a-thread", "twice", "twice"):
            await door.submit(REQUEST, platform=PLATFORM, job_id=job)
        await asyncio.gather(*(door.submit(REQUEST, platform=PLATFORM, job_id="at-once") for _ in range(9)))

    at_door(server, work)
    assert waiting(redis) == ["from-a-thread", "twice", "at-once"]
    assert redis.hget(names.delivery("from-a-thread"), "record") == b'{"first": true}'


def test_a_redis_that_forgot_the_script_is_told_it_again(server: EmbeddedRedis, redis: Redis) -> None:
    async def work(door: AsyncDoor) -> None:
        for job in ("before", "after"):
            redis.script_flush()
            await door.submit(REQUEST, platform=PLATFORM, job_id=job)

    at_door(server, work)
    assert waiting(redis) == ["before", "after"]


def test_one_that_is_refused_spoils_none_of_the_others(server: EmbeddedRedis, redis: Redis) -> None:
    redis.set(names.person(PLATFORM, "odd"), "no set")

    async def work(door: AsyncDoor) -> None:
        people = ("a", "odd", "b")
        found = await asyncio.gather(
            *(door.submit(REQUEST, platform=PLATFORM, person=person, job_id=person) for person in people), return_exceptions=True
        )
        assert [found[0], found[2]] == ["a", "b"]
        assert isinstance(found[1], ResponseError)

    at_door(server, work)
    assert waiting(redis) == ["a", "b"]


def test_of_many_that_come_at_the_same_moment_no_more_are_taken_than_there_is_room_for(server: EmbeddedRedis, redis: Redis) -> None:
    async def work(door: AsyncDoor) -> None:
        asked = [door.submit(REQUEST, platform=PLATFORM, job_id=f"j{number}", most_waiting=3) for number in range(5)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert found[:3] == ["j0", "j1", "j2"]
        assert [each.waiting for each in found[3:] if isinstance(each, NoRoom)] == [3, 3]

    at_door(server, work)
    assert waiting(redis) == ["j0", "j1", "j2"]


def test_a_redis_that_is_away_is_an_error_to_each(tmp_path: Path) -> None:
    async def work() -> None:
        async with redis.asyncio.Redis.from_url(f"unix://{tmp_path}/none.sock") as connection:
            door = AsyncDoor(connection)
            found = await asyncio.gather(*(door.submit(REQUEST, platform=PLATFORM) for _ in range(3)), return_exceptions=True)
            assert all(isinstance(each, RedisError) for each in found)

    asyncio.run(work())

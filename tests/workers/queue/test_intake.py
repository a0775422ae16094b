"""An event is read by one bot at a time, and none is lost with the bot that was reading it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import pytest
import redis.asyncio
from redis import Redis

from engine.contract import SentimentRequest
from tests.support.working import PLATFORM
from workers.queue import intake as intake_, names
from workers.queue.async_door import AsyncDoor
from workers.queue.intake import LEASE_S, Intake, Left
from workers.queue.server import EmbeddedRedis

TOLD = {"kind": "mention", "text": "良い"}


def run(server: EmbeddedRedis, work: Callable[[redis.asyncio.Redis], Awaitable[None]]) -> None:
    async def connected() -> None:
        async with redis.asyncio.Redis.from_url(server.url) as connection:
            await work(connection)

    asyncio.run(connected())


def test_an_event_is_read_by_one_bot_at_a_time(server: EmbeddedRedis, redis: Redis) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        one, other = Intake(connection, keep_s=100), Intake(connection, keep_s=100)
        assert await one.take("slack", "e1") == "ours"
        assert [await each.take("slack", "e1") for each in (one, other)] == ["held", "held"]
        assert await other.take("discord", "e1") == "ours"

    run(server, work)
    assert 0 < redis.ttl(names.seen("slack", "e1")) <= LEASE_S  # type: ignore[operator]  # no coroutine


@pytest.mark.usefixtures("redis")
def test_an_event_that_is_told_twice_at_the_same_moment_is_taken_once(server: EmbeddedRedis) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        bot = Intake(connection, keep_s=100)
        assert sorted(await asyncio.gather(*(bot.take(PLATFORM, "e1") for _ in range(5)))) == ["held"] * 4 + ["ours"]

    run(server, work)


@pytest.mark.usefixtures("redis")
def test_what_was_taken_though_the_response_got_lost_is_ours_when_it_is_taken_again(
    server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        bot, other = Intake(connection, keep_s=100), Intake(connection, keep_s=100)
        take = bot._take

        async def lost(**options: object) -> None:
            await take(**options)  # type: ignore[arg-type]  # as they are given
            raise ConnectionError

        monkeypatch.setattr(bot, "_take", lost)
        with pytest.raises(ConnectionError):
            await bot.take(PLATFORM, "e1", told=TOLD)
        monkeypatch.setattr(bot, "_take", take)
        assert [await each.take(PLATFORM, "e1", told=TOLD) for each in (other, bot, bot)] == ["held", "ours", "held"]

    run(server, work)


def test_what_a_dead_bot_was_reading_is_found_by_another_when_its_lease_ends(server: EmbeddedRedis, redis: Redis) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        dead, other = Intake(connection, keep_s=100), Intake(connection, keep_s=100)
        await dead.take(PLATFORM, "e1", told=TOLD, at=time.time())
        assert await other.left(PLATFORM) == []
        redis.delete(names.seen(PLATFORM, "e1"))  # its lease ends
        [left] = await other.left(PLATFORM)
        assert (left.event_id, left.told, left.tried) == ("e1", TOLD, 1)
        assert await other.take(PLATFORM, "e1", told=left.told, tried=left.tried, at=left.at) == "ours"
        redis.delete(names.seen(PLATFORM, "e1"))
        [again] = await other.left(PLATFORM)
        assert (again.tried, again.at) == (2, left.at)

    run(server, work)


def test_a_lease_lasts_while_its_bot_reads_and_lives(server: EmbeddedRedis, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_, "RENEW_EVERY_S", 0.02)

    async def work(connection: redis.asyncio.Redis) -> None:
        intake = Intake(connection, keep_s=100)
        await intake.take(PLATFORM, "e1")
        redis.expire(names.seen(PLATFORM, "e1"), 5)
        async with asyncio.timeout(30):
            while redis.ttl(names.seen(PLATFORM, "e1")) <= 5:  # type: ignore[operator]  # no coroutine
                await asyncio.sleep(0.01)

    run(server, work)


def test_a_lease_that_another_bot_has_now_is_left_alone(server: EmbeddedRedis, redis: Redis) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        slow, other = Intake(connection, keep_s=100), Intake(connection, keep_s=100)
        await slow.take(PLATFORM, "e1")
        redis.delete(names.seen(PLATFORM, "e1"))
        assert await other.take(PLATFORM, "e1") == "ours"
        await slow.release(PLATFORM, "e1")
        assert await slow.take(PLATFORM, "e1") == "held"

    run(server, work)


def test_what_is_released_may_be_taken_at_once_and_stays_written_down(server: EmbeddedRedis, redis: Redis) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        one, other = Intake(connection, keep_s=100), Intake(connection, keep_s=100)
        await one.take(PLATFORM, "e1", told=TOLD)
        await one.release(PLATFORM, "e1")
        assert [left.event_id for left in await other.left(PLATFORM)] == ["e1"]
        assert await other.take(PLATFORM, "e1") == "ours"

    run(server, work)


@pytest.mark.parametrize("how", ["settled", "handed over"])
def test_what_is_over_is_not_read_again_and_nothing_of_it_is_kept(server: EmbeddedRedis, redis: Redis, how: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        intake = Intake(connection, keep_s=100)
        await intake.take(PLATFORM, "e1", told=TOLD)
        if how == "settled":
            await intake.settle(PLATFORM, "e1")
        else:
            await AsyncDoor(connection).submit(SentimentRequest(text="良い"), platform=PLATFORM, event_id="e1")
            intake.handed_over(PLATFORM, "e1")
        assert await intake.take(PLATFORM, "e1") == "over"
        assert await intake.left(PLATFORM) == []

    run(server, work)
    assert not redis.exists(names.intake(PLATFORM))
    assert LEASE_S < redis.ttl(names.seen(PLATFORM, "e1")) <= 3_600  # type: ignore[operator]  # no coroutine


def test_what_could_not_be_settled_is_when_redis_is_back(server: EmbeddedRedis, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_, "RENEW_EVERY_S", 0.02)

    async def work(connection: redis.asyncio.Redis) -> None:
        intake = Intake(connection, keep_s=100)
        await intake.take(PLATFORM, "e1", told=TOLD)
        redis.config_set("maxclients", 1)  # Redis refuses all new connections
        try:
            redis.client_kill_filter(_type="normal", skipme=True)
            await intake.settle(PLATFORM, "e1")
        finally:
            redis.config_set("maxclients", 10_000)
        async with asyncio.timeout(30):
            while redis.get(names.seen(PLATFORM, "e1")) != names.OVER.encode():
                await asyncio.sleep(0.01)

    run(server, work)
    assert not redis.exists(names.intake(PLATFORM))


def test_what_is_too_old_or_cannot_be_read_is_dropped(server: EmbeddedRedis, redis: Redis) -> None:
    redis.hset(names.intake(PLATFORM), "old", json.dumps({"told": TOLD, "tried": 1, "at": time.time() - 101}))
    redis.hset(names.intake(PLATFORM), "odd", "{")
    redis.hset(names.intake(PLATFORM), "new", json.dumps({"told": TOLD, "tried": 1, "at": time.time()}))

    async def work(connection: redis.asyncio.Redis) -> None:
        found: list[Left] = await Intake(connection, keep_s=100).left(PLATFORM)
        assert [left.event_id for left in found] == ["new"]

    run(server, work)
    assert redis.hkeys(names.intake(PLATFORM)) == [b"new"]

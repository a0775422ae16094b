"""The chat page is served by one process at a time: a second one is told which that is, and a dead one stands in nobody's way."""

from __future__ import annotations

import asyncio
import platform as machine
from collections.abc import Awaitable, Callable

import pytest
import redis.asyncio
from redis import Redis

from bot.errors import PlatformError
from bot.only_one import LEASE_S, OnlyOne
from workers.queue import names
from workers.queue.consumers import own_name

ELSEWHERE = "bot-000000000000-4321-7"  # of another machine: nobody here knows whether it lives


def on(url: str, work: Callable[[redis.asyncio.Redis], Awaitable[None]]) -> None:
    async def run() -> None:
        async with redis.asyncio.Redis.from_url(url) as connection:
            await work(connection)

    asyncio.run(run())


def dead_here() -> str:
    """The name of a process of this machine that runs no more."""
    return f"{own_name().rsplit('-', 2)[0]}-4194999-7"


def holder(url: str) -> bytes | None:
    with Redis.from_url(url) as connection:
        return connection.get(names.serving("web"))  # type: ignore[return-value]  # no coroutine


def test_a_second_process_is_told_in_both_languages_who_serves_the_page(redis_url: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        async with OnlyOne(connection, platform="web", name=ELSEWHERE):
            with pytest.raises(PlatformError) as caught:
                await OnlyOne(connection, platform="web").__aenter__()
        told = caught.value.message
        assert f"{machine.node()} のプロセス 4321" in told.ja
        assert f"process 4321 on {machine.node()}" in told.en
        assert "yomite serve slack discord" in told.ja
        assert "yomite serve slack discord" in told.en

    on(redis_url, work)


def test_of_two_that_start_at_the_same_moment_one_serves(redis_url: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        both = [OnlyOne(connection, platform="web", name=name) for name in (ELSEWHERE, ELSEWHERE.replace("4321", "4322"))]
        found = await asyncio.gather(*(each.__aenter__() for each in both), return_exceptions=True)
        assert sorted(type(each).__name__ for each in found) == ["OnlyOne", "PlatformError"]
        for each in both:
            await each.__aexit__(None, None, None)

    on(redis_url, work)


def test_one_that_was_killed_on_this_machine_stands_in_nobodys_way(redis_url: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        await connection.set(names.serving("web"), f"{dead_here()} host")  # for ever: it is not waited for
        async with OnlyOne(connection, platform="web"):
            pass

    on(redis_url, work)


def test_one_that_was_killed_on_another_machine_is_waited_for_until_its_lease_is_over(redis_url: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        await connection.set(names.serving("web"), f"{ELSEWHERE} host", px=700)
        async with OnlyOne(connection, platform="web"):
            assert (holder(redis_url) or b"").startswith(own_name().encode())

    on(redis_url, work)


def test_the_place_is_free_as_soon_as_it_is_left(redis_url: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        async with OnlyOne(connection, platform="web", name=ELSEWHERE):
            assert 0 < await connection.pttl(names.serving("web")) <= LEASE_S * 1_000
        assert holder(redis_url) is None
        async with OnlyOne(connection, platform="web"):
            pass

    on(redis_url, work)


def test_who_leaves_takes_no_place_away_from_another(redis_url: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        async with OnlyOne(connection, platform="web"):
            await connection.set(names.serving("web"), f"{ELSEWHERE} host")
        assert (holder(redis_url) or b"").startswith(ELSEWHERE.encode())

    on(redis_url, work)


def test_while_redis_is_away_nobody_is_refused() -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        async with OnlyOne(connection, platform="web"):
            pass

    on("redis://127.0.0.1:1/0", work)

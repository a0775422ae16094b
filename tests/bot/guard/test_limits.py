"""So many questions a minute and no more: counted once for all bots, and told with when to ask again."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
import redis.asyncio
from redis import Redis

from bot.guard.buckets import Bucket, Buckets
from bot.guard.errors import TooMany
from bot.guard.guard import Guard, GuardSettings
from bot.guard.limits import TOLD_AT_ONCE, Limiter, Limits
from tests.bot.guard.asked import asked
from workers.queue import names

Found = TypeVar("Found")
OFF = Limits(person=0, channel=0, team=0)
SLOW = 1  # a minute: within a test none comes back


def on(url: str, work: Callable[[redis.asyncio.Redis], Awaitable[Found]]) -> Found:
    async def run() -> Found:
        async with redis.asyncio.Redis.from_url(url) as connection:
            return await work(connection)

    return asyncio.run(run())


# --- Buckets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("holds", [1, 3, 10])
def test_a_bucket_gives_what_it_holds_and_then_lets_wait(redis_url: str, holds: int) -> None:
    bucket = Bucket(key="b", a_minute=SLOW, at_once=holds)

    async def work(connection: redis.asyncio.Redis) -> None:
        buckets = Buckets(connection)
        assert [await buckets.take([bucket]) for _ in range(holds)] == [None] * holds
        empty = await buckets.take([bucket])
        assert empty is not None
        assert empty[0] == bucket
        assert 0 < empty[1] <= 60

    on(redis_url, work)


def test_tokens_come_back_one_by_one(redis_url: str) -> None:
    bucket = Bucket(key="b", a_minute=1_200, at_once=1)  # one each 50 ms

    async def work(connection: redis.asyncio.Redis) -> None:
        buckets = Buckets(connection)
        assert await buckets.take([bucket]) is None
        empty = await buckets.take([bucket])
        assert empty is None or empty[1] <= 0.05
        await asyncio.sleep(0.2)
        assert await buckets.take([bucket]) is None

    on(redis_url, work)


def test_of_several_buckets_each_gives_or_none(redis_url: str) -> None:
    small, large = Bucket(key="small", a_minute=SLOW, at_once=1), Bucket(key="large", a_minute=SLOW, at_once=2)

    async def work(connection: redis.asyncio.Redis) -> None:
        buckets = Buckets(connection)
        assert await buckets.take([small, large]) is None
        for _ in range(5):
            empty = await buckets.take([large, small])
            assert empty is not None
            assert empty[0] == small
        assert await buckets.take([large]) is None  # what was refused has taken nothing
        assert await buckets.take([]) is None

    on(redis_url, work)


def test_askers_at_the_same_moment_share_what_there_is(redis_url: str) -> None:
    bucket = Bucket(key="b", a_minute=SLOW, at_once=5)

    async def work(connection: redis.asyncio.Redis) -> list[object]:
        async with redis.asyncio.Redis.from_url(redis_url) as other:
            bots = [Buckets(connection), Buckets(other)]
            return list(await asyncio.gather(*(bots[number % 2].take([bucket]) for number in range(40))))

    assert on(redis_url, work).count(None) == 5


def test_a_bucket_that_is_full_again_is_not_kept(redis_url: str) -> None:
    def left_ms() -> int:
        with Redis.from_url(redis_url) as connection:
            return int(connection.pttl("b"))

    on(redis_url, lambda connection: Buckets(connection).take([Bucket(key="b", a_minute=60, at_once=3)]))
    assert 0 < left_ms() <= 1_000


def test_a_bucket_works_on_a_redis_that_forgot_the_script(redis_url: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        buckets = Buckets(connection)
        await buckets.take([Bucket(key="b", a_minute=SLOW, at_once=1)])
        await connection.script_flush()
        assert await buckets.take([Bucket(key="b", a_minute=SLOW, at_once=1)]) is not None

    on(redis_url, work)


def test_where_the_clock_was_set_back_nobody_waits_for_it_to_catch_up(redis_url: str) -> None:
    bucket = Bucket(key="b", a_minute=SLOW, at_once=3)

    async def work(connection: redis.asyncio.Redis) -> None:
        buckets = Buckets(connection)
        await buckets.take([bucket])
        await connection.set("b", time.time() + 3_600, ex=3_600)  # as what was written down an hour ahead looks then
        empty = await buckets.take([bucket])
        assert empty is not None
        assert 0 < empty[1] <= 60

    on(redis_url, work)


# --- Limits --------------------------------------------------------------------------------------------------------


def taken(url: str, limits: Limits, *questions: dict[str, str]) -> list[bool]:
    """Which of some questions are let in."""

    async def work(connection: redis.asyncio.Redis) -> list[bool]:
        limiter = Limiter(connection, limits)
        found = []
        for question in questions:
            try:
                await limiter.take(asked(**question))  # type: ignore[arg-type]  # by name
            except TooMany:
                found.append(False)
            else:
                found.append(True)
        return found

    return on(url, work)


async def one_too_many(limiter: Limiter, *, platform: str = "slack") -> TooMany:
    """What is said to the first question that is not let in."""
    for _ in range(50):
        try:
            await limiter.take(asked(platform=platform))
        except TooMany as error:
            return error
    raise AssertionError("all were let in")


def test_a_person_is_limited_wherever_they_ask(redis_url: str) -> None:
    limits = Limits(person=3, channel=0, team=0)  # one at once
    assert taken(redis_url, limits, {}, {"channel": "C2"}, {"person": "U2"}) == [True, False, True]


def test_a_channel_is_limited_whoever_asks(redis_url: str) -> None:
    limits = Limits(person=0, channel=3, team=0)
    assert taken(redis_url, limits, {}, {"person": "U2"}, {"channel": "C2"}) == [True, False, True]


def test_a_team_is_limited_whoever_asks_where(redis_url: str) -> None:
    limits = Limits(person=0, channel=0, team=3)
    assert taken(redis_url, limits, {}, {"person": "U2", "channel": "C2"}, {"team": "T2"}) == [True, False, True]


def test_people_of_the_same_id_on_two_platforms_are_two(redis_url: str) -> None:
    assert taken(redis_url, Limits(person=3, channel=0, team=0), {}, {"platform": "discord"}) == [True, True]


def test_a_limit_of_0_is_none(redis_url: str) -> None:
    assert all(taken(redis_url, OFF, *[{}] * 200))
    with Redis.from_url(redis_url) as connection:
        assert connection.keys("yomite:limit:*") == []


def test_a_team_that_works_as_teams_do_notices_nothing(redis_url: str) -> None:
    people = [{"person": f"U{number}", "channel": f"C{number % 3}"} for number in range(20)]
    assert all(taken(redis_url, Limits(), *people * 4))  # 20 people with 4 questions each, at once


@pytest.mark.parametrize(
    ("limits", "platform", "ja", "en"),
    [
        (
            Limits(person=30, channel=0, team=0),
            "slack",
            "あなたが送れるのは 1 分に 30 件（続けて 10 件）まで",
            "you can send at most 30 a minute (10 at once)",
        ),
        (Limits(person=0, channel=30, team=0), "slack", "このチャンネルで", "this channel can send at most 30 a minute"),
        (Limits(person=0, channel=0, team=30), "discord", "このチームで", "this team can send at most 30 a minute"),
        (Limits(person=0, channel=0, team=30), "web", "同じアドレスから", "one address can send at most 30 a minute"),
    ],
)
def test_beyond_it_the_person_is_told_the_limit_and_when_to_ask_again(
    redis_url: str, limits: Limits, platform: str, ja: str, en: str
) -> None:
    async def work(connection: redis.asyncio.Redis) -> TooMany:
        return await one_too_many(Limiter(connection, limits), platform=platform)

    message = on(redis_url, work).message
    assert ja in message.ja
    assert en in message.en
    assert re.search(r"[12] 秒後にもう一度", message.ja)
    assert re.search(r"again in [12] seconds?\.", message.en)


def test_who_waits_as_long_as_they_are_told_may_ask_again(redis_url: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        limiter = Limiter(connection, Limits(person=60, channel=0, team=0))
        told = re.search(r"again in (\d+) second", (await one_too_many(limiter)).message.en)
        assert told is not None
        end = time.monotonic() + int(told[1])
        await asyncio.sleep(end - time.monotonic())
        await limiter.take(asked())

    on(redis_url, work)


@pytest.mark.parametrize("line", ["/cancel these words", "キャンセル してください", "cancel x"])
def test_a_sentence_that_begins_with_cancel_is_counted(redis_url: str, line: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        guard = Guard(connection, GuardSettings(limits=Limits(person=1, channel=0, team=0)))
        await guard.admit(asked(), line="/sentiment good")
        with pytest.raises(TooMany):
            await guard.admit(asked(), line=line)

    on(redis_url, work)


@pytest.mark.parametrize(("platform", "told"), [("slack", TOLD_AT_ONCE), ("discord", TOLD_AT_ONCE), ("web", 2 * TOLD_AT_ONCE)])
def test_a_person_is_told_only_so_often_that_they_are_refused(redis_url: str, platform: str, told: int) -> None:
    async def work(connection: redis.asyncio.Redis) -> list[bool]:
        limiter = Limiter(connection, OFF)
        return [await limiter.tells(asked(platform=platform)) for _ in range(2 * TOLD_AT_ONCE)]

    assert sum(on(redis_url, work)) == told


@pytest.mark.parametrize("line", ["/cancel", "キャンセル", "cancel"])
def test_what_was_asked_can_be_cancelled_beyond_the_limit(redis_url: str, line: str) -> None:
    async def work(connection: redis.asyncio.Redis) -> None:
        guard = Guard(connection, GuardSettings(limits=Limits(person=1, channel=0, team=0)))
        await guard.admit(asked(), line="/sentiment good")
        with pytest.raises(TooMany):
            await guard.admit(asked(), line="/sentiment good")
        await guard.admit(asked(), line=line)

    on(redis_url, work)


def test_the_names_of_buckets_hold_ids_and_no_text(redis_url: str) -> None:
    taken(redis_url, Limits(), {})
    with Redis.from_url(redis_url) as connection:
        assert set(connection.scan_iter("yomite:limit:*")) == {
            name.encode()
            for name in (names.limit("person", "slack", "U1"), names.limit("channel", "slack", "C1"), names.limit("team", "slack", "T1"))
        }

"""So many questions may wait; beyond that people are told how long the wait is, or that nobody knows."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
import redis.asyncio
from redis import Redis

from bot.guard.errors import QueueFull
from bot.guard.room import Room
from engine.contract import SentimentRequest
from tests.support.working import PLATFORM, RecordingEngine, work_off
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.pace import KEPT_S, waiting_and_pace


def ask(connection: Redis, count: int, *, long: bool = False) -> None:
    text = "長" * (names.LONG_CHARACTERS + 1) if long else "良い"
    for number in range(count):
        JobQueue(connection).submit(SentimentRequest(text=f"{text}{number}"), platform=PLATFORM)


def check(url: str, most: int) -> None:
    async def run() -> None:
        async with redis.asyncio.Redis.from_url(url) as connection:
            await Room(connection, most_waiting=most).check()

    asyncio.run(run())


def refusal(url: str, most: int) -> QueueFull:
    with pytest.raises(QueueFull) as caught:
        check(url, most)
    return caught.value


def test_below_the_bound_there_is_room(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        ask(connection, 2)
    check(redis_url, 3)


def test_short_and_long_questions_count_together(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        ask(connection, 2)
        ask(connection, 1, long=True)
    message = refusal(redis_url, 3).message
    assert "3 件が待っていて、上限は 3 件" in message.ja
    assert "3 are waiting, 3 is the most" in message.en


def test_a_bound_of_0_is_none(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        ask(connection, 5)
    check(redis_url, 0)


def test_where_no_worker_has_answered_the_wait_is_said_to_be_unknown(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        ask(connection, 1)
    message = refusal(redis_url, 1).message
    assert "待ち時間はわかりません" in message.ja
    assert "cannot be told" in message.en


def test_the_wait_is_told_from_what_workers_answered_within_the_last_minute(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        ask(connection, 4)
        work_off(connection, RecordingEngine())
        ask(connection, 40)
        message = refusal(redis_url, 40).message
    # 40 wait, 4 were answered within a minute: 10 minutes. Where the minute has just ended, a little longer.
    said_ja, said_en = re.search(r"およそ (\d+) 分待ち", message.ja), re.search(r"about (\d+) min", message.en)
    assert said_ja is not None
    assert said_en is not None
    assert 10 <= int(said_ja[1]) <= 20
    assert said_ja[1] == said_en[1]


def test_answers_are_counted_by_minutes_that_are_soon_forgotten(redis_url: str) -> None:
    async def run() -> tuple[int, float]:
        async with redis.asyncio.Redis.from_url(redis_url) as connection:
            return await waiting_and_pace(connection)

    with Redis.from_url(redis_url) as connection:
        ask(connection, 3)
        work_off(connection, RecordingEngine())
        keys = list(connection.scan_iter("yomite:pace:*"))
        assert sum(int(connection.get(key) or 0) for key in keys) == 3  # type: ignore[arg-type]  # no coroutine
        assert all(0 < int(connection.ttl(key)) <= KEPT_S for key in keys)
        waiting, a_minute = asyncio.run(run())
        assert waiting == 0
        assert 0 < a_minute <= 3
        minute = int(time.time() // 60)
        connection.delete(*keys)
        connection.set(names.pace(minute - 2), 1_000)  # older than a minute
        assert asyncio.run(run()) == (0, 0)

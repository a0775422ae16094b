"""So many questions may wait; beyond that people are told how long the wait is, or that nobody knows."""

from __future__ import annotations

import asyncio
import re
import time

import redis.asyncio
from redis import Redis

from bot.guard.errors import QueueFull
from bot.guard.room import Room
from engine.contract import Message, SentimentRequest
from tests.support.working import PLATFORM, RecordingEngine, work_off
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.pace import KEPT_S, read_pace


def ask(connection: Redis, count: int) -> None:
    for number in range(count):
        JobQueue(connection).submit(SentimentRequest(text=f"良い{number}"), platform=PLATFORM)


def refusal(url: str, *, waiting: int, most: int) -> Message:
    async def run() -> QueueFull:
        async with redis.asyncio.Redis.from_url(url) as connection:
            return await Room(connection, most_waiting=most).refusal(waiting)

    return asyncio.run(run()).message


def test_how_many_wait_and_how_many_may_is_told(redis_url: str) -> None:
    message = refusal(redis_url, waiting=2_003, most=2_000)
    assert "2,003 件が待っていて、上限は 2,000 件" in message.ja
    assert "2,003 are waiting, 2,000 is the most" in message.en


def test_where_no_worker_has_answered_the_wait_is_said_to_be_unknown(redis_url: str) -> None:
    message = refusal(redis_url, waiting=1, most=1)
    assert "待ち時間はわかりません" in message.ja
    assert "cannot be told" in message.en


def test_the_wait_is_told_from_what_workers_answered_within_the_last_minute(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        ask(connection, 4)
        work_off(connection, RecordingEngine())
        message = refusal(redis_url, waiting=40, most=40)
    # 40 wait, 4 were answered within a minute: 10 minutes. Where the minute has just ended, a little longer.
    said_ja, said_en = re.search(r"およそ (\d+) 分待ち", message.ja), re.search(r"about (\d+) min", message.en)
    assert said_ja is not None
    assert said_en is not None
    assert 10 <= int(said_ja[1]) <= 20
    assert said_ja[1] == said_en[1]


def test_answers_are_counted_by_minutes_that_are_soon_forgotten(redis_url: str) -> None:
    async def run() -> float:
        async with redis.asyncio.Redis.from_url(redis_url) as connection:
            return await read_pace(connection)

    with Redis.from_url(redis_url) as connection:
        ask(connection, 3)
        work_off(connection, RecordingEngine())
        keys = list(connection.scan_iter("yomite:pace:*"))
        assert sum(int(connection.get(key) or 0) for key in keys) == 3  # type: ignore[arg-type]  # no coroutine
        assert all(0 < int(connection.ttl(key)) <= KEPT_S for key in keys)
        assert 0 < asyncio.run(run()) <= 3
        minute = int(time.time() // 60)
        connection.delete(*keys)
        connection.set(names.pace(minute - 2), 1_000)  # older than a minute
        assert asyncio.run(run()) == 0

"""A job that waited until its time was over is not computed, and its person is told so."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis, asyncio as redis_asyncio
from rq.utils import utcformat

from engine.contract import SentimentRequest
from tests.support.working import PLATFORM, RecordingEngine, answered, work_off
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.overdue import CODE, is_overdue
from workers.queue.replies import ReplyStream
from workers.queue.server import EmbeddedRedis


def ago(seconds: float) -> bytes:
    return utcformat(datetime.now(UTC) - timedelta(seconds=seconds)).encode()


@pytest.mark.parametrize(("age_s", "overdue"), [(101, True), (10, False)])
def test_a_job_is_overdue_where_its_answer_time_is_over(age_s: float, overdue: bool) -> None:
    assert is_overdue({b"enqueued_at": ago(age_s), b"failure_ttl": b"100"}) == overdue


@pytest.mark.parametrize("failure_ttl", [b"long", b""])
@pytest.mark.parametrize("enqueued_at", [b"2020-01-01T00:00:00.000000Z", b"yesterday", b""])
def test_a_job_that_does_not_say_when_its_time_is_over_is_not(enqueued_at: bytes, failure_ttl: bytes) -> None:
    said = {b"enqueued_at": enqueued_at, b"failure_ttl": failure_ttl}
    assert not is_overdue({name: value for name, value in said.items() if value})


def test_a_worker_computes_nothing_for_a_job_whose_time_is_over_and_answers_that(redis: Redis) -> None:
    queue = JobQueue(redis, QueueSettings(answer_ttl_s=100))
    late, early = (queue.submit(SentimentRequest(text=text), platform=PLATFORM, job_id=text) for text in ("late", "early"))
    redis.hset(f"rq:job:{late}", "enqueued_at", ago(101))
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.texts == [["early"]]
    assert sorted(answered(redis)) == sorted([late, early])
    outcome: Any = redis.get(names.outcome(late))
    assert json.loads(outcome)["code"] == CODE
    assert not redis.exists(f"rq:job:{late}")


@pytest.mark.parametrize("until", [{}, {"until": None}, {"until": "tomorrow"}, {"until": [1]}], ids=["none", "null", "a word", "a list"])
def test_a_job_that_does_not_say_how_long_it_may_wait_keeps_no_other_from_being_told(
    server: EmbeddedRedis, redis: Redis, queue: JobQueue, until: dict[str, Any]
) -> None:
    for job in ("odd", "late"):
        queue.submit(SentimentRequest(text="x"), platform=PLATFORM, job_id=job, address={"speech": "ja"})
    redis.set(names.address("odd"), json.dumps({"platform": PLATFORM, **until}))
    redis.set(names.address("late"), json.dumps({"platform": PLATFORM, "until": time.time() - 1}))
    redis.hset(names.HEADS, mapping={"odd": "looked at", "late": "looked at"})

    async def drop() -> int:
        async with redis_asyncio.Redis.from_url(server.url) as connection:
            return await ReplyStream(connection, platform=PLATFORM).drop_overdue(keep_s=60)

    assert asyncio.run(drop()) == 1
    assert answered(redis) == ["late"]
    assert redis.hkeys(names.HEADS) == [b"odd"]


def test_a_waiting_job_does_not_lie_in_redis_for_ever(redis: Redis) -> None:
    JobQueue(redis, QueueSettings(answer_ttl_s=1, timeout_s=0)).submit(SentimentRequest(text="x"), platform=PLATFORM, job_id="j1")
    deadline = time.monotonic() + 30
    while redis.exists("rq:job:j1") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not redis.exists("rq:job:j1")
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.texts == []

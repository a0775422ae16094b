"""Of one question nobody is told two things, however often its job is retried or dropped: with a worker that fails, and the bot's own posting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.bot.recording import Recorder, deliver, forgotten, hand_over
from tests.support.working import RecordingEngine, answered, failed, work_off
from workers.queue.failed import FailedJobs
from workers.queue.settings import QueueSettings

JOB = "j1"


def fail(text: str) -> None:
    raise ZeroDivisionError(text)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """With one job that a worker has failed, and whose person was not told yet."""
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, JOB)
        work_off(connection, RecordingEngine(fail))
        assert list(failed(connection)) == [JOB]
        yield connection


def jobs(redis: Redis) -> FailedJobs:
    return FailedJobs(redis, QueueSettings())


def test_whoever_was_not_told_yet_gets_the_answer_alone(redis: Redis, redis_url: str) -> None:
    platform = Recorder()
    assert jobs(redis).retry([JOB]) == ["again"]
    work_off(redis, RecordingEngine())
    deliver(redis_url, platform, lambda: forgotten(redis, JOB))
    [answer] = platform.posted
    assert (answer.job_id, answer.reply.failed, answer.delivery) == (JOB, False, {"channel": "C1"})
    assert platform.apologies == []


def test_whoever_was_told_that_it_failed_gets_no_answer_beside_that(redis: Redis, redis_url: str) -> None:
    platform = Recorder()
    deliver(redis_url, platform, lambda: forgotten(redis, JOB))
    assert [answer.reply.failed for answer in platform.posted] == [True]
    assert jobs(redis).retry([JOB]) == ["again_untold"]
    work_off(redis, RecordingEngine())
    assert answered(redis, "chat") == [JOB]
    deliver(redis_url, platform, lambda: answered(redis, "chat") == [])
    assert (len(platform.posted), platform.apologies) == (1, [])
    assert failed(redis) == {}


def test_whoever_was_told_so_an_hour_ago_gets_no_answer_either(redis: Redis, redis_url: str) -> None:
    platform = Recorder()
    deliver(redis_url, platform, lambda: forgotten(redis, JOB))
    redis.delete(f"yomite:delivery:{JOB}")  # which stays an hour
    assert jobs(redis).retry([JOB]) == ["again_untold"]
    work_off(redis, RecordingEngine())
    deliver(redis_url, platform, lambda: answered(redis, "chat") == [])
    assert (len(platform.posted), platform.apologies) == (1, [])


def test_a_job_that_fails_again_is_told_of_once(redis: Redis, redis_url: str) -> None:
    platform = Recorder()
    for _ in range(2):
        assert jobs(redis).retry([JOB]) == ["again"]
        work_off(redis, RecordingEngine(fail))
    deliver(redis_url, platform, lambda: forgotten(redis, JOB))
    assert [answer.reply.failed for answer in platform.posted] == [True]


def test_whoever_asked_what_is_dropped_is_told_that_it_failed(redis: Redis, redis_url: str) -> None:
    platform = Recorder()
    assert jobs(redis).drop([JOB]) == ["dropped_telling"]
    deliver(redis_url, platform, lambda: forgotten(redis, JOB))
    [answer] = platform.posted
    assert answer.reply.failed
    assert platform.apologies == []


def test_whoever_was_told_nothing_by_the_worker_is_told_that_it_is_cancelled(redis_url: str) -> None:
    platform = Recorder()
    with Redis.from_url(redis_url) as connection:
        hand_over(connection, JOB)
        connection.hset(f"rq:job:{JOB}", "data", b"rubbish")
        work_off(connection, RecordingEngine())
        assert jobs(connection).drop([JOB]) == ["dropped_telling"]
        deliver(redis_url, platform, lambda: forgotten(connection, JOB))
    [answer] = platform.posted
    assert answer.reply.title == "取り消しました。"
    assert platform.apologies == []

"""Failed jobs are listed, put back once, and dropped; nobody is told two things of one question, and no text of a person is shown."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from engine.contract import Failure, NerRequest, Request, SentimentRequest, SentimentResult
from tests.support.contents import everything
from tests.support.working import RecordingEngine, answered, failed, outcome_of, work_off
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.failed import FailedJobs
from workers.queue.listing import list_jobs
from workers.queue.replies import ReplyStream
from workers.queue.settings import QueueSettings
from workers.taking import Taker

TEXTS = {"ja": "とても内緒の話", "en": "a very secret story"}
LONG = "長い文章です。" * 400
PLATFORM, PERSON = "slack", "U0HANAKO"
Found = TypeVar("Found")


def ask(redis: Redis, request: Request | None = None) -> str:
    delivery = {"person": PERSON, "channel": "C1", "extras": []}
    address = {"platform": PLATFORM, "person": PERSON, "speech": "ja", "delivery": delivery}
    record = {"command": "sentiment", "request": {"text": "x"}, **address}
    return JobQueue(redis).submit(
        request or SentimentRequest(text=TEXTS["ja"]), platform=PLATFORM, person=PERSON, record=record, address=address
    )


def fail(text: str) -> None:
    raise ZeroDivisionError(text)


def failing(redis: Redis, request: Request | None = None) -> str:
    """The id of a job that a worker has really failed."""
    job_id = ask(redis, request)
    work_off(redis, RecordingEngine(fail))
    assert list(failed(redis)) == [job_id]
    return job_id


def jobs_of(redis: Redis) -> FailedJobs:
    return FailedJobs(redis, QueueSettings())


def in_loop(redis: Redis, work: Callable[[ReplyStream], Awaitable[Found]]) -> Found:
    async def run() -> Found:
        async with AsyncRedis(unix_socket_path=redis.connection_pool.connection_kwargs["path"]) as connection:
            stream = ReplyStream(connection, platform=PLATFORM)
            await stream.open()
            return await work(stream)

    return asyncio.run(run())


async def tell(stream: ReplyStream) -> int:
    """As a bot does: take the answers, and be done with them."""
    entries = await stream.new(wait_s=0.05)
    for entry in entries:
        await stream.finish(entry, person=PERSON)
    return len(entries)


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_a_failed_job_is_listed_with_its_reason_and_without_its_text(redis: Redis, text: str) -> None:
    job_id = failing(redis, SentimentRequest(text=text))
    [row] = list_jobs(redis, ["failed"])
    assert (row.job_id, row.state, row.task, row.platform, row.tries) == (job_id, "failed", "sentiment", "slack", 1)
    assert row.why == "internal_error: ZeroDivisionError"
    assert 0 <= row.age_s < 60
    assert text not in repr(row)


def test_waiting_and_running_jobs_are_listed_where_they_are_asked_for(redis: Redis) -> None:
    broken = failing(redis)
    running, waiting = ask(redis, NerRequest(text="一")), ask(redis)
    seen: list[tuple[str, str]] = []

    def look(text: str) -> None:
        seen.extend((row.job_id, row.state) for row in list_jobs(redis, ["running", "waiting", "failed"]))

    work_off(redis, RecordingEngine(look), batch=1)
    assert seen[:3] == [(broken, "failed"), (running, "running"), (waiting, "waiting")]
    assert [row.job_id for row in list_jobs(redis, ["failed"])] == [broken]


def test_what_a_job_says_of_itself_is_shown_only_where_it_is_known_here(redis: Redis) -> None:
    job_id = failing(redis)
    redis.hset(f"rq:job:{job_id}", mapping={"meta": json.dumps({"task": TEXTS["ja"], "platform": TEXTS["en"]}), "exc_info": b"no zlib"})
    [row] = list_jobs(redis, ["failed"])
    assert (row.task, row.platform, row.why) == ("", "", "")


def test_the_name_of_a_terminal_is_not_shown(redis: Redis) -> None:
    JobQueue(redis).submit(SentimentRequest(text="x"), platform=f"{names.TERMINAL}4711")
    assert [row.platform for row in list_jobs(redis, ["waiting"])] == ["terminal"]


def test_a_retried_job_is_computed_again_and_its_person_gets_the_answer_and_not_the_failure(redis: Redis) -> None:
    job_id = failing(redis)
    assert answered(redis, PLATFORM) == [job_id]
    assert jobs_of(redis).retry([job_id]) == ["again"]
    assert (failed(redis), answered(redis, PLATFORM), outcome_of(redis, job_id)) == ({}, [], None)
    work_off(redis, RecordingEngine())
    assert answered(redis, PLATFORM) == [job_id]

    async def load(stream: ReplyStream) -> object:
        [entry] = await stream.new(wait_s=1)
        return await stream.load(entry.job_id)

    finished = in_loop(redis, load)
    assert isinstance(finished.outcome, SentimentResult)  # type: ignore[attr-defined]  # as it is loaded
    assert finished.record["delivery"]["extras"] == []  # type: ignore[attr-defined]  # as above


def test_a_retried_job_has_all_its_time_again(redis: Redis) -> None:
    job_id = failing(redis)
    for key in (names.delivery(job_id), names.address(job_id), f"rq:job:{job_id}"):
        redis.expire(key, 5)
    old = json.loads(redis.get(names.address(job_id)) or b"")
    redis.set(names.address(job_id), json.dumps({**old, "until": 1.0}))
    jobs_of(redis).retry([job_id])
    settings = QueueSettings()
    assert redis.ttl(names.delivery(job_id)) > settings.answer_ttl_s - 60
    assert redis.ttl(f"rq:job:{job_id}") > settings.answer_ttl_s
    new = json.loads(redis.get(names.address(job_id)) or b"")
    assert new["until"] > 1.0
    assert {**new, "until": 0} == {**old, "until": 0}


@pytest.mark.parametrize(("timeout_s", "found"), [(7, b"600"), (900, b"900")])
def test_a_retried_job_may_take_as_long_as_is_set_now_where_that_is_longer(redis: Redis, timeout_s: int, found: bytes) -> None:
    job_id = failing(redis)
    FailedJobs(redis, QueueSettings(timeout_s=timeout_s)).retry([job_id])
    assert redis.hget(f"rq:job:{job_id}", "timeout") == found


def test_whoever_was_told_that_it_failed_is_told_nothing_more(redis: Redis) -> None:
    job_id = failing(redis)
    assert in_loop(redis, tell) == 1
    assert jobs_of(redis).retry([job_id]) == ["again_untold"]
    engine = RecordingEngine()
    work_off(redis, engine)
    assert len(engine.batches) == 1

    async def load(stream: ReplyStream) -> object:
        [entry] = await stream.new(wait_s=1)
        return await stream.load(entry.job_id)

    finished = in_loop(redis, load)
    assert finished is None or not finished.record.get("command")  # type: ignore[attr-defined]  # which is what the bot posts by
    assert redis.exists(names.address(job_id)) == 0


def test_the_answer_to_a_retried_job_is_there_when_the_same_is_asked_again(redis: Redis) -> None:
    job_id = failing(redis)
    in_loop(redis, tell)
    jobs_of(redis).retry([job_id])
    work_off(redis, RecordingEngine())
    again, engine = ask(redis), RecordingEngine()
    work_off(redis, engine)
    assert engine.batches == []
    assert isinstance(outcome_of(redis, again), SentimentResult)


def test_a_job_whose_person_is_being_told_just_now_is_left_alone(redis: Redis) -> None:
    job_id = failing(redis)

    async def take(stream: ReplyStream) -> int:
        return len(await stream.new(wait_s=1))

    assert in_loop(redis, take) == 1
    assert jobs_of(redis).retry([job_id]) == ["telling"]
    assert list(failed(redis)) == [job_id]
    assert isinstance(outcome_of(redis, job_id), Failure)


def test_a_job_that_two_retry_at_once_runs_once(redis: Redis) -> None:
    job_id = failing(redis)
    became: list[str] = []
    start = threading.Barrier(8)

    def retry() -> None:
        start.wait()
        became.extend(jobs_of(redis).retry([job_id]))

    threads = [threading.Thread(target=retry) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(became) == ["again", *["waiting"] * 7]
    assert redis.lrange(f"rq:queue:{names.SHORT}", 0, -1) == [job_id.encode()]


def test_a_retried_job_goes_back_to_the_queue_that_it_came_from_and_counts_its_tries(redis: Redis) -> None:
    job_id = failing(redis, SentimentRequest(text=LONG))
    for tries in (1, 2, 3):
        assert [row.tries for row in list_jobs(redis, ["failed"])] == [tries]
        assert jobs_of(redis).retry([job_id]) == ["again"]
        assert redis.lrange(f"rq:queue:{names.LONG}", 0, -1) == [job_id.encode()]
        work_off(redis, RecordingEngine(fail))


def test_a_retried_job_that_ended_workers_is_taken_alone_and_given_up_at_the_next_one(redis: Redis) -> None:
    job_id = ask(redis)
    for ghost in ("ghost-1", "ghost-2"):
        assert len(Taker(redis, ghost).take({names.SHORT: 8})) == 1
        if ghost == "ghost-1":
            assert Taker(redis, "alive").take_over(ghost) == []
    work_off(redis, RecordingEngine())
    assert list(failed(redis)) == [job_id]
    assert jobs_of(redis).retry([job_id]) == ["again"]
    other = ask(redis)
    assert [taken.job_id.decode() for taken in Taker(redis, "ghost-3").take({names.SHORT: 8})] == [job_id]
    work_off(redis, RecordingEngine())
    assert list(failed(redis)) == [job_id]
    assert set(answered(redis, PLATFORM)) == {job_id, other}


def test_what_is_no_failed_job_is_said_and_nothing_is_changed(redis: Redis) -> None:
    waiting = ask(redis)
    before = sorted(everything(redis).split(b"\n"))
    assert jobs_of(redis).retry([waiting, "nonsense", ""]) == ["waiting", "unknown", "unknown"]
    assert jobs_of(redis).drop([waiting, "nonsense"]) == ["waiting", "unknown"]
    assert sorted(everything(redis).split(b"\n")) == before
    seen: list[str] = []
    work_off(redis, RecordingEngine(lambda text: seen.extend([*jobs_of(redis).retry([waiting]), *jobs_of(redis).drop([waiting])])))
    assert seen == ["running", "running"]


def test_a_failed_job_that_was_cancelled_is_not_computed_again(redis: Redis) -> None:
    job_id = failing(redis)
    JobQueue(redis).cancel(job_id, tell=PLATFORM)
    assert jobs_of(redis).retry([job_id]) == ["cancelled"]


def test_of_a_dropped_job_nothing_is_left_once_its_person_was_told(redis: Redis) -> None:
    job_id = failing(redis)
    in_loop(redis, tell)
    assert jobs_of(redis).drop([job_id]) == ["dropped"]
    left = everything(redis)
    assert TEXTS["ja"].encode() not in left
    assert json.dumps(TEXTS["ja"])[1:-1].encode() not in left
    assert (failed(redis), redis.exists(f"rq:job:{job_id}", names.address(job_id), names.outcome(job_id))) == ({}, 0)


def test_whoever_was_not_told_yet_is_still_told_of_a_dropped_job(redis: Redis) -> None:
    job_id = failing(redis)
    assert jobs_of(redis).drop([job_id]) == ["dropped_telling"]
    assert (failed(redis), redis.exists(f"rq:job:{job_id}")) == ({}, 0)
    assert answered(redis, PLATFORM) == [job_id]
    assert isinstance(outcome_of(redis, job_id), Failure)
    assert in_loop(redis, tell) == 1
    assert json.dumps(TEXTS["ja"])[1:-1].encode() not in everything(redis)


def test_whoever_would_never_have_been_told_is_told_that_it_is_cancelled(redis: Redis) -> None:
    job_id = ask(redis)
    redis.hset(f"rq:job:{job_id}", "data", b"rubbish")  # a worker sets it aside, and answers nobody
    work_off(redis, RecordingEngine())
    assert (list(failed(redis)), answered(redis, PLATFORM)) == ([job_id], [])
    assert jobs_of(redis).drop([job_id]) == ["dropped_telling"]
    assert answered(redis, PLATFORM) == [job_id]
    outcome = outcome_of(redis, job_id)
    assert isinstance(outcome, Failure)
    assert (outcome.message.ja, outcome.message.en) == ("取り消しました。", "Cancelled.")


def test_all_failed_jobs_are_named_oldest_first_and_handled_together(redis: Redis) -> None:
    jobs = [ask(redis) for _ in range(3)]
    work_off(redis, RecordingEngine(fail))
    assert sorted(jobs_of(redis).ids()) == sorted(jobs)
    assert jobs_of(redis).retry(jobs_of(redis).ids()) == ["again"] * 3
    assert jobs_of(redis).ids() == []
    assert jobs_of(redis).retry([]) == []

"""A Redis without room takes no new questions, and nothing that is in it is lost or answered twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError, TimeoutError

from engine.contract import Failure, SentimentRequest, SentimentResult
from tests.support.working import PLATFORM, RecordingEngine, answered, failed, outcome_of, until, work_off
from workers.patience import passes
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis
from workers.taking import Taker
from workers.worker import BatchingWorker


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that no other test uses."""
    with EmbeddedRedis(tmp_path, durable=True) as server, Redis.from_url(server.url) as connection:
        yield connection


def fill(redis: Redis) -> None:
    redis.config_set("maxmemory", "1")  # byte
    with pytest.raises(OutOfMemoryError):
        redis.set("test:more", "x")


def make_room(redis: Redis) -> None:
    redis.config_set("maxmemory", "0")


def refused(redis: Redis, command: str) -> int:
    """How often Redis has refused a command."""
    known: Any = redis.info("commandstats")
    return int(known.get(f"cmdstat_{command}", {}).get("rejected_calls", 0))


@contextmanager
def once_it_is_felt(look: Callable[[], None], caplog: pytest.LogCaptureFixture, *, then: Callable[[], None]) -> Iterator[None]:
    """Look around as soon as a worker has met a Redis without room; `then` lets it come to its end, whatever was seen."""

    def wait_and_look() -> None:
        try:
            until(lambda: "trouble with Redis" in caplog.text, what="a worker's trouble")
            look()
        finally:
            then()

    thread = threading.Thread(target=wait_and_look)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_a_question_is_refused_whole_and_can_be_asked_again(own: Redis) -> None:
    fill(own)
    queue = JobQueue(own)
    with pytest.raises(ResponseError, match="OOM"):
        queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, person="taro", job_id="again")
    assert own.keys("*") == []
    make_room(own)
    queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, person="taro", job_id="again")
    work_off(own, RecordingEngine())
    assert answered(own) == ["again"]


def test_an_answer_waits_for_room_and_is_computed_and_written_once(own: Redis, caplog: pytest.LogCaptureFixture) -> None:
    queue = JobQueue(own, QueueSettings(cache_ttl_s=0))
    jobs = [queue.submit(SentimentRequest(text=text), platform=PLATFORM) for text in ("良い", "fine")]
    engine = RecordingEngine(lambda text: fill(own) if text == "fine" else None)

    def look() -> None:
        assert answered(own) == []

    with once_it_is_felt(look, caplog, then=lambda: make_room(own)):
        work_off(own, engine)
    assert engine.texts == [["良い", "fine"]]
    assert sorted(answered(own)) == sorted(jobs)
    assert all(isinstance(outcome_of(own, job), SentimentResult) for job in jobs)
    assert failed(own) == {}


def test_what_waits_in_a_full_redis_is_neither_lost_nor_counted_as_a_crash(own: Redis, caplog: pytest.LogCaptureFixture) -> None:
    queue = JobQueue(own)
    jobs = [queue.submit(SentimentRequest(text=f"文{number}"), platform=PLATFORM) for number in range(3)]
    fill(own)
    engine = RecordingEngine()
    worker = BatchingWorker(own, engine, batch=8)

    def look() -> None:
        assert engine.batches == []
        held: list[bytes] = own.lrange(f"rq:queue:{names.SHORT}", 0, -1) + own.hkeys(names.taken(worker.name))  # type: ignore[assignment, operator]  # no coroutine
        assert {job.decode() for job in held} <= set(jobs)
        make_room(own)
        until(lambda: len(answered(own)) == len(jobs), what="the answers")

    def make_room_and_stop() -> None:
        make_room(own)
        worker.request_stop()

    with once_it_is_felt(look, caplog, then=make_room_and_stop):
        worker.work()
    assert sorted(answered(own)) == sorted(jobs)
    assert failed(own) == {}
    assert engine.texts == [["文0", "文1", "文2"]]


def test_what_ended_two_workers_is_set_aside_once_there_is_room_also_by_one_that_found_it_while_it_computed(own: Redis) -> None:
    queue = JobQueue(own)
    fatal = queue.submit(SentimentRequest(text="落とす"), platform=PLATFORM)
    for gone in ("first", "second"):  # two workers that took it and are no more
        Taker(own, gone).take({names.SHORT: 1})
        if gone == "first":
            assert Taker(own, "finder").take_over(gone) == []
    other = queue.submit(SentimentRequest(text="長い仕事"), platform=PLATFORM)

    def while_it_computes(text: str) -> None:
        own.sadd(names.TAKERS, "second")
        fill(own)
        try:
            until(lambda: refused(own, "xadd"), what="the heartbeat to find it, and to be refused what is told its person")
        finally:
            make_room(own)

    engine = RecordingEngine(while_it_computes)
    own.srem(names.TAKERS, "second")  # found only while the other job is computed
    work_off(own, engine)
    assert engine.texts == [["長い仕事"]]
    assert sorted(answered(own)) == sorted([fatal, other])
    outcome = outcome_of(own, fatal)
    assert isinstance(outcome, Failure)
    assert outcome.code == "worker_died"


@pytest.mark.parametrize(
    ("error", "later_well"),
    [
        (ConnectionError(), True),
        (TimeoutError(), True),
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), True),
        (ReadOnlyError("You can't write against a read only replica."), True),
        (ResponseError("MISCONF Errors writing to the AOF file: No space left on device"), True),
        (ResponseError("Command # 3 (SET a 良い) of pipeline caused error: MISCONF Errors writing to the AOF file"), True),
        (ResponseError("Command # 3 (SET a MISCONF) of pipeline caused error: WRONGTYPE Operation against a key"), False),
        (ResponseError("WRONGTYPE Operation against a key"), False),
    ],
)
def test_what_passes_is_told_from_what_stays(error: RedisError, later_well: bool) -> None:
    assert passes(error) is later_well

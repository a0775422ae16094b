"""People hear how far their long jobs are, and a batch for which nobody waits is stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from engine.contract import NerRequest, Request, SentimentRequest
from engine.engine import Engine
from tests.support.working import PLATFORM, RecordingEngine, answered, work_off
from workers.carried import Carried
from workers.composition import connect
from workers.computing import NobodyWaits, OnProgress
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.replies import ReplyWriter
from workers.taking import Taken
from workers.watching import EVERY_S, QUIET_S, Watch


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def heard(redis: Redis) -> Iterator[Any]:
    """What is told on the platform's channel, as a function that gives what is new."""
    with redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(names.progress(PLATFORM))
        assert channel.get_message(timeout=5) is None  # the confirmation

        def new() -> list[tuple[str, float]]:
            found = []
            while (message := channel.get_message(timeout=0.2)) is not None:
                data = json.loads(message["data"])
                found.append((data["job"], data["share"]))
            return found

        yield new


def carried(job_id: str) -> Carried:
    taken = Taken(job_id=job_id.encode(), queue_key="rq:queue:yomite-long", fields={})
    return Carried(taken=taken, request=SentimentRequest(text="x"), platform=PLATFORM, tensors=False, timeout_s=9)


def test_progress_is_told_of_long_jobs_only_and_not_too_often(redis: Redis, heard: Any) -> None:
    clock = Clock()
    watch = Watch([carried("a"), carried("b")], redis, ReplyWriter(redis), clock=clock)
    watch(0, 0.1)
    assert heard() == []
    clock.now += QUIET_S
    watch(0, 0.25)
    assert heard() == [("a", 0.25)]
    watch(1, 0.5)
    assert heard() == []
    clock.now += EVERY_S
    watch(0, 0.2)  # a second pass through the texts
    assert heard() == [("a", 0.25), ("b", 0.5)]
    clock.now += EVERY_S
    watch(0, 1.0)
    assert heard() == [("b", 0.5)]


def test_a_batch_goes_on_while_anybody_waits_for_it_and_stops_then(redis: Redis, heard: Any) -> None:
    clock = Clock()
    watch = Watch([carried("a"), carried("b")], redis, ReplyWriter(redis), clock=clock)
    redis.set(names.cancelled("a"), 1)
    clock.now += QUIET_S
    watch(0, 0.5)
    watch(1, 0.5)
    clock.now += EVERY_S
    watch(1, 0.75)
    assert heard() == [("b", 0.75)]
    redis.set(names.cancelled("b"), 1)
    clock.now += EVERY_S
    with pytest.raises(NobodyWaits):
        watch(1, 0.8)


def test_a_redis_that_is_away_does_not_stop_the_computation() -> None:
    clock = Clock()
    away = connect("redis://127.0.0.1:1")
    watch = Watch([carried("a")], away, ReplyWriter(away), clock=clock)
    clock.now += QUIET_S
    watch(0, 0.5)
    away.close()


def test_a_batch_that_nobody_waits_for_any_more_is_stopped_without_an_answer(redis: Redis, queue: JobQueue) -> None:
    class Endless(RecordingEngine):
        def read(self, requests: Any, on_progress: OnProgress | None = None) -> Any:
            queue.cancel(job)
            while on_progress is not None:
                on_progress(0, 0.5)

    job = queue.submit(SentimentRequest(text="終わらない"), platform=PLATFORM)
    work_off(redis, Endless())
    assert answered(redis) == []
    assert not redis.exists(f"rq:job:{job}")


LONG = ["この映画は本当に素晴らしかった。" * 400, "I love this service. " * 700]


@pytest.mark.parametrize("text", LONG)
@pytest.mark.parametrize("kind", [SentimentRequest, NerRequest])
def test_the_engine_tells_how_far_it_is_between_the_windows_of_a_long_text(tiny_engine: Engine, kind: Any, text: str) -> None:
    told: list[tuple[int, float]] = []
    requests: list[Request] = [kind(text=text), kind(text="")]
    tiny_engine.run(requests, on_progress=lambda index, share: told.append((index, share)))
    shares = [share for _, share in told]
    assert {index for index, _ in told} == {0}
    assert len(shares) > 1
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_what_the_listener_raises_ends_the_run(tiny_engine: Engine) -> None:
    def stop(index: int, share: float) -> None:
        raise NobodyWaits

    with pytest.raises(NobodyWaits):
        tiny_engine.run([SentimentRequest(text=LONG[1])], on_progress=stop)
    assert tiny_engine.run([SentimentRequest(text="I love this service.")])

"""How things stand is told in counts, and worker by worker, without anything of a person."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from redis import Redis

from bot.serving import PLATFORMS
from engine.contract import NerRequest, SentimentRequest
from tests.support.working import RecordingEngine, until, work_off
from workers.queue import QueueStatus, names
from workers.queue.door import JobQueue

LONG = "長い文章です。" * 400


def fail(text: str) -> None:
    raise ZeroDivisionError(text)


def test_the_platforms_whose_answers_are_counted_are_those_that_are_served() -> None:
    assert sorted(names.PLATFORMS) == sorted(PLATFORMS)


def test_of_an_empty_redis_all_is_nothing(redis: Redis, queue: JobQueue) -> None:
    assert queue.status() == QueueStatus(waiting=0, running=0, workers=0, oldest_s=0.0)
    assert queue.workers() == 0


def test_waiting_failed_and_undelivered_jobs_are_counted(redis: Redis, queue: JobQueue) -> None:
    for platform in ("slack", "web", f"{names.TERMINAL}1"):
        queue.submit(SentimentRequest(text="壊れる"), platform=platform)
    work_off(redis, RecordingEngine(fail))
    for text in ("短い", "short", LONG):
        queue.submit(SentimentRequest(text=text), platform="slack")
    found = queue.status()
    assert (found.waiting, found.waiting_long, found.failed, found.undelivered, found.running) == (3, 1, 3, 2, 0)
    assert found.finished == 3
    assert 0 <= found.oldest_s < 60


def test_a_worker_is_shown_with_what_it_runs_and_has_done(redis: Redis, queue: JobQueue) -> None:
    seen: list[QueueStatus] = []
    queue.submit(NerRequest(text="一"), platform="slack", person="U0HANAKO")
    queue.submit(SentimentRequest(text="内緒の話"), platform="slack", person="U0HANAKO")
    queue.submit(SentimentRequest(text="secret"), platform="slack", person="U0HANAKO")
    work_off(redis, RecordingEngine(lambda text: seen.append(queue.status())))
    [first], [second] = seen[0].crew, seen[-1].crew
    assert (first.busy, first.runs, first.task, first.done) == (True, 1, "ner", 0)
    assert (second.busy, second.runs, second.task, second.done, second.failed) == (True, 2, "sentiment", 1, 0)
    assert 0 <= second.since_s < 60
    assert 0 <= second.heard_s < 60
    assert not [told for told in ("U0HANAKO", "内緒の話", "secret") if told in repr(asdict(seen[-1]))]
    until(lambda: queue.status().crew == (), what="the worker's goodbye")


def test_workers_of_other_queues_and_what_is_no_worker_are_left_out(redis: Redis, queue: JobQueue) -> None:
    redis.sadd("rq:workers", "rq:worker:of-others", "rq:worker:gone", "rubbish")
    redis.hset("rq:worker:of-others", mapping={"queues": "default", "state": "busy"})
    redis.hset("rq:worker:rubbish", mapping={"queues": f"x,{names.LONG}", "successful_job_count": "many", "last_heartbeat": "today"})
    [row] = queue.status().crew
    assert (row.name, row.done, row.heard_s, row.busy) == ("rubbish", 0, 0.0, False)
    assert queue.workers() == 1


def test_what_a_worker_says_of_itself_is_shown(redis: Redis, queue: JobQueue) -> None:
    said: dict[Any, Any] = {"queues": names.SHORT, "yomite_version": "9.9", "yomite_profile": "hub", "yomite_device": "cuda:0"}
    said["yomite_models"] = '["team/feelings"]'
    redis.sadd("rq:workers", "rq:worker:one")
    redis.hset("rq:worker:one", mapping=said)
    [row] = queue.status().crew
    assert (row.version, row.profile, row.device, row.models) == ("9.9", "hub", "cuda:0", ("team/feelings",))

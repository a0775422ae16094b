"""Requests are handed over once, can be cancelled, and how things stand can be asked."""

from __future__ import annotations

import json
from threading import Thread
from typing import Any

import pytest
from redis import Redis

from engine.contract import AskRequest, Failure, Message, Request, SentimentRequest, SimilarRequest, to_json
from tests.support.working import PLATFORM, RecordingEngine, answered, work_off
from workers.queue import ModelRow, QueueSettings, names
from workers.queue.door import JobQueue, characters
from workers.queue.job import SERIALIZER, EngineJob


def waiting(redis: Redis, queue: str = names.SHORT) -> list[str]:
    found: Any = redis.lrange(f"rq:queue:{queue}", 0, -1)
    return [job_id.decode() for job_id in found]


@pytest.mark.parametrize("text", ["良い", "good", "lone \ud800 surrogate", "𠮷野家で🍣"])
def test_a_request_arrives_as_it_was_given(redis: Redis, queue: JobQueue, text: str) -> None:
    job_id = queue.submit(SentimentRequest(text=text, language="ja"), platform=PLATFORM)
    job = EngineJob.fetch(job_id, connection=redis, serializer=SERIALIZER)
    assert isinstance(job, EngineJob)
    assert job.request() == SentimentRequest(text=text, language="ja")
    assert job.description == names.FUNCTION  # and not the text
    assert job.timeout == QueueSettings().timeout_s


def test_the_same_job_handed_over_twice_is_one_job(redis: Redis, queue: JobQueue) -> None:
    for _ in range(2):
        assert queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, job_id="event-1") == "event-1"
    assert waiting(redis) == ["event-1"]
    work_off(redis, RecordingEngine())
    queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, job_id="event-1")
    assert waiting(redis) == []
    assert answered(redis) == ["event-1"]


def test_the_same_job_handed_over_at_the_same_moment_is_one_job(redis: Redis, queue: JobQueue) -> None:
    def submit() -> None:
        for number in range(20):
            queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, job_id=f"event-{number}")

    threads = [Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waiting(redis)) == sorted(f"event-{number}" for number in range(20))


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        (SentimentRequest(text="良い映画"), 4),
        (AskRequest(question="何？", context="東京です。"), 7),
        (SimilarRequest(texts=("ab", "cde"), query="f"), 6),
    ],
)
def test_long_texts_wait_in_the_long_queue(redis: Redis, queue: JobQueue, request_: Request, count: int) -> None:
    assert characters(request_) == count
    queue.submit(request_, platform=PLATFORM, job_id="short")
    queue.submit(SentimentRequest(text="長" * (names.LONG_CHARACTERS + 1)), platform=PLATFORM, job_id="long")
    assert waiting(redis) == ["short"]
    assert waiting(redis, names.LONG) == ["long"]


def test_a_waiting_job_that_is_cancelled_leaves_nothing_to_compute(redis: Redis, queue: JobQueue) -> None:
    gone = queue.submit(SentimentRequest(text="消える"), platform=PLATFORM)
    stays = queue.submit(SentimentRequest(text="残る"), platform=PLATFORM)
    queue.cancel(gone)
    assert waiting(redis) == [stays]
    assert not redis.exists(f"rq:job:{gone}")
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.texts == [["残る"]]


def test_a_job_that_is_cancelled_without_a_word_is_its_persons_no_more(redis: Redis, queue: JobQueue) -> None:
    address = {"speech": "ja", "person": "私", "delivery": {}}
    gone, stays = (queue.submit(SentimentRequest(text="消える"), platform=PLATFORM, person="私", address=address) for _ in range(2))
    queue.cancel(gone)
    assert redis.zrange(names.person(PLATFORM, "私"), 0, -1) == [stays.encode()]
    assert not redis.exists(names.address(gone), names.delivery(gone))


def test_a_persons_jobs_are_theirs_alone_and_can_be_cancelled_together(queue: JobQueue) -> None:
    mine = [queue.submit(SentimentRequest(text=text), platform=PLATFORM, person="私") for text in ("一", "二")]
    others = queue.submit(SentimentRequest(text="三"), platform=PLATFORM, person="another")
    assert queue.jobs_of(PLATFORM, "私") == mine
    assert queue.jobs_of("elsewhere", "私") == []
    assert queue.cancel_all_of(PLATFORM, "私") == mine[::-1]
    assert queue.jobs_of(PLATFORM, "私") == []
    assert queue.jobs_of(PLATFORM, "another") == [others]


def test_how_things_stand(queue: JobQueue) -> None:
    before = queue.status()
    assert (before.waiting, before.running, before.workers, before.oldest_s) == (0, 0, 0, 0.0)
    for text in ("良い", "長" * 5_000):
        queue.submit(SentimentRequest(text=text), platform=PLATFORM)
    after = queue.status()
    assert (after.waiting, after.running, after.workers) == (2, 0, 0)
    assert after.oldest_s >= 0.0


def test_the_models_are_those_of_a_living_worker(redis: Redis, queue: JobQueue) -> None:
    missing = queue.models()
    assert isinstance(missing, Failure)
    assert missing.code == "no_worker"
    row = {"task": "ner", "languages": ["ja", "en"], "model": "m", "revision": "", "licence": "MIT", "window": 512}
    redis.set(names.MODELS, json.dumps([{**row, "of a later version": 1}]))
    assert queue.models() == [ModelRow(**{**row, "languages": ("ja", "en")})]
    wrong = Failure(code="bad_catalog", message=Message(ja="カタログが違います", en="The catalog is wrong"))
    redis.set(names.MODELS, json.dumps(to_json(wrong)))
    assert queue.models() == wrong

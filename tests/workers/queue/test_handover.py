"""A job that is handed over lies in Redis as RQ itself would write it, so that RQ's own tools can read it."""

from __future__ import annotations

import json
import re
import time
import zlib
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError
from rq import Queue as RQQueue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from engine.contract import Request, SentimentRequest, to_json
from tests.support.working import PLATFORM
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.handover import NoRoom
from workers.queue.job import SERIALIZER, EngineJob

SETTINGS = QueueSettings(timeout_s=77, answer_ttl_s=500)
MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def by_rq(redis: Redis, request: Request, job_id: str, *, queue: str) -> None:
    """Hand it over by RQ's own code."""
    meta = {"platform": PLATFORM, "person": "私", "tensors": True, "task": "sentiment"}
    RQQueue(queue, connection=redis, job_class=EngineJob, serializer=SERIALIZER, default_timeout=SETTINGS.timeout_s).enqueue_call(
        names.FUNCTION,
        kwargs={"request": to_json(request)},
        job_id=job_id,
        meta=meta,
        description=names.FUNCTION,
        result_ttl=0,
        failure_ttl=SETTINGS.answer_ttl_s,
    )


def of_rq(redis: Redis) -> dict[str, Any]:
    """All that lies there under RQ's names, and for how long; moments in time are only seen to be such."""
    readers = {b"hash": redis.hgetall, b"set": redis.smembers, b"list": lambda key: redis.lrange(key, 0, -1)}
    keys: Any = redis.keys("rq:*")
    found = {key.decode(): (readers[redis.type(key)](key), redis.ttl(key)) for key in keys}  # type: ignore[index]  # no coroutine
    for fields, _ in found.values():
        if isinstance(fields, dict):
            fields[b"data"] = zlib.decompress(fields.pop(b"data"))
            fields.update({name: MOMENT.sub(b"a moment", value) for name, value in fields.items() if name.endswith(b"_at")})  # type: ignore[union-attr]
    return found


@pytest.mark.parametrize(("text", "queue"), [("良い 𠮷 \ud800", names.SHORT), ("長" * (names.LONG_CHARACTERS + 1), names.LONG)])
def test_a_job_lies_in_redis_as_rq_would_write_it(redis: Redis, text: str, queue: str) -> None:
    request = SentimentRequest(text=text, language="ja")
    JobQueue(redis, SETTINGS).submit(request, platform=PLATFORM, person="私", job_id="j1", tensors=True)
    ours = of_rq(redis)
    job, kept_s = ours["rq:job:j1"]
    assert SETTINGS.answer_ttl_s < kept_s <= SETTINGS.answer_ttl_s + 2 * SETTINGS.timeout_s
    ours["rq:job:j1"] = job, -1  # RQ keeps a waiting job for ever
    redis.flushall()
    by_rq(redis, request, "j1", queue=queue)
    theirs = of_rq(redis)
    assert ours == theirs
    assert ours["rq:job:j1"][0][b"enqueued_at"] == b"a moment"


def test_rqs_own_classes_find_and_read_it(redis: Redis, queue: JobQueue) -> None:
    queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, job_id="j1")
    [found] = RQQueue.all(connection=redis, serializer=JSONSerializer)
    assert (found.name, found.job_ids) == (names.SHORT, ["j1"])
    job = Job.fetch("j1", connection=redis, serializer=JSONSerializer)
    assert job.get_status() is JobStatus.QUEUED
    assert job.enqueued_at is not None
    assert job.kwargs == {"request": to_json(SentimentRequest(text="良い"))}


def test_what_the_bot_keeps_of_it_does_not_stay_for_ever(redis: Redis) -> None:
    JobQueue(redis, SETTINGS).submit(SentimentRequest(text="良い"), platform=PLATFORM, person="p", job_id="j1", record={"place": 1})
    assert redis.hgetall(names.delivery("j1")) == {b"record": b'{"place": 1}'}
    assert 0 < redis.ttl(names.delivery("j1")) <= 500
    assert 0 < redis.ttl(names.person(PLATFORM, "p")) <= 500


def test_whom_to_tell_outlives_the_job_and_holds_none_of_its_texts(redis: Redis) -> None:
    address = {"speech": "ja", "person": "p", "delivery": {"channel": "C1"}}
    JobQueue(redis, SETTINGS).submit(
        SentimentRequest(text="内緒"), platform=PLATFORM, job_id="j1", address=address, record={"text": "内緒"}
    )
    kept: Any = redis.get(names.address("j1"))
    found = json.loads(kept)
    assert found.pop("until") > time.time()
    assert found == address | {"platform": PLATFORM}
    assert redis.ttl(names.address("j1")) > redis.ttl(names.delivery("j1"))  # type: ignore[operator]  # no coroutine


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_the_event_that_became_a_job_is_over_in_the_same_step(redis: Redis, queue: JobQueue, known: bool) -> None:
    if known:
        queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, job_id="j1")
    redis.set(names.seen(PLATFORM, "e1"), "lease-x", ex=20)
    redis.hset(names.intake(PLATFORM), "e1", "{}")
    queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, job_id="j1", event_id="e1")
    assert redis.get(names.seen(PLATFORM, "e1")) == names.OVER.encode()
    assert 20 < redis.ttl(names.seen(PLATFORM, "e1")) <= 3_600  # type: ignore[operator]  # no coroutine
    assert not redis.hexists(names.intake(PLATFORM), "e1")


def test_the_bell_keeps_no_more_than_it_may(redis: Redis, queue: JobQueue) -> None:
    for _ in range(names.BELL_ENTRIES + 3):
        queue.submit(SentimentRequest(text="良い"), platform=PLATFORM)
    assert redis.llen(names.BELL) == names.BELL_ENTRIES


def test_a_job_that_redis_refuses_can_be_handed_over_again(redis: Redis, queue: JobQueue) -> None:
    redis.set(names.person(PLATFORM, "p"), "no set")
    with pytest.raises(ResponseError):
        queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, person="p", job_id="j1")
    redis.delete(names.person(PLATFORM, "p"))
    queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, person="p", job_id="j1")
    assert redis.lrange(f"rq:queue:{names.SHORT}", 0, -1) == [b"j1"]


def waiting(redis: Redis) -> int:
    return sum(int(redis.llen(f"rq:queue:{name}")) for name in names.QUEUES)  # type: ignore[arg-type]  # no coroutine


def ask(queue: JobQueue, job_id: str, *, long: bool = False, **how: Any) -> None:
    text = "長" * (names.LONG_CHARACTERS + 1) if long else "良い"
    queue.submit(SentimentRequest(text=text), platform=PLATFORM, job_id=job_id, **how)


@pytest.mark.parametrize("last_is_long", [False, True], ids=["short", "long"])
def test_short_and_long_jobs_count_together_against_the_bound(redis: Redis, queue: JobQueue, last_is_long: bool) -> None:
    ask(queue, "a", most_waiting=3)
    ask(queue, "b", most_waiting=3)
    ask(queue, "c", most_waiting=3, long=True)
    with pytest.raises(NoRoom, match="3 jobs wait already") as caught:
        ask(queue, "d", most_waiting=3, long=last_is_long)
    assert caught.value.waiting == 3
    assert waiting(redis) == 3


def test_nothing_is_kept_of_a_job_for_which_there_is_no_room(redis: Redis, queue: JobQueue) -> None:
    ask(queue, "a")
    redis.set(names.seen(PLATFORM, "e1"), "lease-x", ex=20)
    redis.hset(names.intake(PLATFORM), "e1", "{}")
    before = {key: redis.dump(key) for key in redis.scan_iter("*")}
    with pytest.raises(NoRoom):
        ask(queue, "b", most_waiting=1, event_id="e1", person="p", address={"speech": "ja"}, record={"text": "内緒"})
    assert {key: redis.dump(key) for key in redis.scan_iter("*")} == before


@pytest.mark.parametrize("how", [{}, {"most_waiting": 0}], ids=["unsaid", "0"])
def test_without_a_bound_any_number_may_wait(redis: Redis, queue: JobQueue, how: dict[str, int]) -> None:
    for number in range(5):
        ask(queue, f"j{number}", **how)
    assert waiting(redis) == 5


def test_a_job_that_was_taken_is_not_refused_when_it_is_handed_over_again(redis: Redis, queue: JobQueue) -> None:
    redis.hset(names.intake(PLATFORM), "e1", "{}")
    ask(queue, "a", most_waiting=1)
    ask(queue, "a", most_waiting=1, event_id="e1")
    assert waiting(redis) == 1
    assert not redis.hexists(names.intake(PLATFORM), "e1")


@pytest.mark.parametrize("job_id", ["a b", "a:b", "é"])
def test_an_id_that_rq_would_not_take_is_refused(queue: JobQueue, job_id: str) -> None:
    with pytest.raises(ValueError, match="Job ID"):
        queue.submit(SentimentRequest(text="良い"), platform=PLATFORM, job_id=job_id)

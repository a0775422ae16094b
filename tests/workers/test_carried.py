"""Whatever lies in Redis as a job is read within bounds, or refused in words that operators see; the others are answered."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from typing import Any

import pytest
from redis import Redis

from engine.contract import SentimentRequest, SentimentResult, to_json
from tests.support.working import PLATFORM, RecordingEngine, answered, failed, outcome_of, work_off
from workers.carried import LARGEST_DATA_BYTES, LONGEST_TIMEOUT_S, Carried, read
from workers.failures import LONGEST_REASON
from workers.queue import names
from workers.queue.door import JobQueue
from workers.taking import Taken

META = json.dumps({"platform": PLATFORM, "task": "sentiment"})


def data(request: Any) -> str:
    return json.dumps([names.FUNCTION, None, [], {"request": request}])


GOOD = data(to_json(SentimentRequest(text="良い")))


def raw(redis: Redis, **fields: Any) -> None:
    """A job as somebody else writes it."""
    redis.hset("rq:job:evil", mapping={"origin": names.SHORT, "status": "queued", "meta": META, **fields})
    redis.rpush(f"rq:queue:{names.SHORT}", "evil")


def refused(redis: Redis, queue: JobQueue) -> str:
    """What a worker blames the job for that it refused, while it answered another one."""
    good = queue.submit(SentimentRequest(text="良い"), platform=PLATFORM)
    work_off(redis, RecordingEngine())
    assert isinstance(outcome_of(redis, good), SentimentResult)
    assert answered(redis)[-1] == good
    return failed(redis)["evil"]


def bomb() -> bytes:
    """A few hundred kilobytes that swell to ten times of what is allowed."""
    packer = zlib.compressobj(9)
    chunk = b"[" + b" " * (2**20 - 1)
    return b"".join(packer.compress(chunk) for _ in range(10 * LARGEST_DATA_BYTES // len(chunk))) + packer.flush()


def test_data_that_swell_are_refused(redis: Redis, queue: JobQueue) -> None:
    raw(redis, data=bomb())
    assert f"more than {LARGEST_DATA_BYTES} bytes" in refused(redis, queue)


def test_data_that_swell_are_not_even_unpacked() -> None:
    fields = {b"data": bomb(), b"meta": META.encode()}
    tracemalloc.start()
    read(Taken(job_id=b"evil", queue_key=f"rq:queue:{names.SHORT}", fields=fields))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 3 * LARGEST_DATA_BYTES  # as it grows, it is copied


@pytest.mark.parametrize("pack", [bytes, zlib.compress], ids=["plain", "packed"])
def test_data_that_are_too_large_are_refused(redis: Redis, queue: JobQueue, pack: Any) -> None:
    raw(redis, data=pack(GOOD.encode() + b" " * LARGEST_DATA_BYTES))
    assert f"more than {LARGEST_DATA_BYTES} bytes" in refused(redis, queue)


def test_data_that_are_cut_off_are_refused(redis: Redis, queue: JobQueue) -> None:
    raw(redis, data=zlib.compress(GOOD.encode())[:-8])
    assert "cut off" in refused(redis, queue)


@pytest.mark.parametrize("letter", ["a", "あ", "𠮟"])
def test_the_longest_text_that_a_bot_lets_through_is_read(letter: str) -> None:
    text = letter * 2_000_000
    fields = {b"data": zlib.compress(data(to_json(SentimentRequest(text=text))).encode()), b"meta": META.encode()}
    found = read(Taken(job_id=b"long", queue_key=f"rq:queue:{names.LONG}", fields=fields))
    assert isinstance(found, Carried)
    assert found.request == SentimentRequest(text=text)


@pytest.mark.parametrize("nested", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000])
@pytest.mark.parametrize("pack", [bytes, zlib.compress], ids=["plain", "packed"])
def test_data_that_are_nested_too_deep_are_refused(redis: Redis, queue: JobQueue, nested: str, pack: Any) -> None:
    raw(redis, data=pack(nested.encode()))
    assert refused(redis, queue) == "forbidden: the job's data are no JSON of four parts"


@pytest.mark.parametrize("depth", [50, 900])
def test_a_request_that_is_nested_is_refused(redis: Redis, queue: JobQueue, depth: int) -> None:
    body = json.dumps({"version": 1, "task": "sentiment", "text": "x"})[:-1] + ', "language": ' + "[" * depth + "]" * depth + "}"
    raw(redis, data=f'["{names.FUNCTION}", null, [], {{"request": {body}}}]')
    assert "forbidden" in refused(redis, queue)


@pytest.mark.parametrize(
    "number", ["9" * 4_000, "9" * 1_000_000, "-" + "9" * 1_000_000, "1e999999999", "NaN", "Infinity", "0." + "3" * 1_000_000]
)
@pytest.mark.parametrize("key", ["version", "text"])
def test_giant_numbers_are_refused_and_not_repeated_at_length(redis: Redis, queue: JobQueue, number: str, key: str) -> None:
    request = json.dumps({"version": 1, "task": "sentiment", "text": "x", key: "HERE"}).replace('"HERE"', number)
    raw(redis, data=f'["{names.FUNCTION}", null, [], {{"request": {request}}}]')
    assert len(refused(redis, queue)) <= LONGEST_REASON


@pytest.mark.parametrize("said", ["9" * 4_000, str(2**70)])
def test_a_giant_timeout_is_the_longest_that_is_allowed(said: str) -> None:
    fields = {b"data": GOOD.encode(), b"meta": META.encode(), b"timeout": said.encode()}
    found = read(Taken(job_id=b"long", queue_key=f"rq:queue:{names.LONG}", fields=fields))
    assert isinstance(found, Carried)
    assert found.timeout_s == LONGEST_TIMEOUT_S


@pytest.mark.parametrize(
    "meta", ["[" * 100_000, '{"platform": ' + "9" * 100_000 + "}", '"' + "x" * 10_000_000 + '"', '{"person": "a\\nb"}', "null", "7"]
)
def test_what_a_job_says_of_itself_may_be_rubbish(redis: Redis, queue: JobQueue, meta: str) -> None:
    raw(redis, data=GOOD, meta=meta)
    good = queue.submit(SentimentRequest(text="fine"), platform=PLATFORM)
    work_off(redis, RecordingEngine())
    assert answered(redis) == [good]  # nobody waits for the other one
    assert not redis.exists("rq:job:evil", f"rq:queue:{names.SHORT}")

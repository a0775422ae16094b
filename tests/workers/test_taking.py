"""Jobs are taken in one step, in order, by one worker each, and put back in their order."""

from __future__ import annotations

from typing import Any

from redis import Redis

from engine.contract import NerRequest, SentimentRequest
from tests.support.working import PLATFORM
from workers.queue import names
from workers.queue.door import JobQueue
from workers.taking import Taker

ALL = {names.SHORT: 64, names.LONG: 64}


def ids(taken: Any) -> list[str]:
    return [each.job_id.decode() for each in taken]


def waiting(redis: Redis) -> list[str]:
    found: Any = redis.lrange(f"rq:queue:{names.SHORT}", 0, -1)
    return [job_id.decode() for job_id in found]


def submit(queue: JobQueue, kinds: str) -> list[str]:
    """A job for each letter, s for sentiment and n for ner."""
    requests = [SentimentRequest(text="良い") if kind == "s" else NerRequest(text="京都") for kind in kinds]
    return [
        queue.submit(request, platform=PLATFORM, job_id=f"{kind}{number}")
        for number, (request, kind) in enumerate(zip(requests, kinds, strict=True))
    ]


def test_what_is_left_keeps_its_order(redis: Redis, queue: JobQueue) -> None:
    submit(queue, "snssnsn")
    taken = Taker(redis, "w").take({names.SHORT: 3})
    assert ids(taken) == ["s0", "s2", "s3"]
    assert waiting(redis) == ["n1", "n4", "s5", "n6"]
    assert redis.hkeys(names.taken("w")) == [b"s0", b"s2", b"s3"]


def test_kinds_can_be_asked_for(redis: Redis, queue: JobQueue) -> None:
    submit(queue, "nsn")
    taker = Taker(redis, "w")
    assert ids(taker.take(ALL, kinds=["sentiment", "ask"])) == ["s1"]
    assert ids(taker.take(ALL, kinds=["sentiment", "ask"])) == []
    assert waiting(redis) == ["n0", "n2"]


def test_no_job_is_taken_twice(redis: Redis, queue: JobQueue) -> None:
    jobs = submit(queue, "s" * 30)
    takers = [Taker(redis, f"w{number}") for number in range(3)]
    found = [job for _ in range(5) for taker in takers for job in ids(taker.take({names.SHORT: 4}))]
    assert found == jobs


def test_what_is_put_back_comes_first_and_in_order(redis: Redis, queue: JobQueue) -> None:
    submit(queue, "ssss")
    taker = Taker(redis, "w")
    taker.take({names.SHORT: 3})
    taker.give_back()
    assert waiting(redis) == ["s0", "s1", "s2", "s3"]
    assert not redis.exists(names.taken("w"), names.TAKERS)
    assert len(taker.take(ALL)) == 4  # nobody crashed: they may be taken together again


def test_a_job_that_was_deleted_meanwhile_is_not_put_back(redis: Redis, queue: JobQueue) -> None:
    submit(queue, "ss")
    taker = Taker(redis, "w")
    taker.take(ALL)
    redis.delete("rq:job:s0")
    taker.give_back()
    assert waiting(redis) == ["s1"]
    assert not redis.exists("rq:job:s0")


def test_two_workers_that_find_the_same_dead_one_do_not_count_it_twice(redis: Redis, queue: JobQueue) -> None:
    submit(queue, "s")
    Taker(redis, "dead").take(ALL)
    assert Taker(redis, "a").take_over("dead") == []
    assert Taker(redis, "b").take_over("dead") == []
    assert redis.hget("rq:job:s0", "crashes") == b"1"
    assert waiting(redis) == ["s0"]


def test_a_job_whose_crashes_cannot_be_counted_is_to_be_set_aside_and_takes_no_other_with_it(redis: Redis, queue: JobQueue) -> None:
    submit(queue, "sss")
    Taker(redis, "dead").take(ALL)
    redis.hset("rq:job:s1", "crashes", "many")
    assert ids(Taker(redis, "finder").take_over("dead")) == ["s1"]
    assert waiting(redis) == ["s0", "s2"]


def test_a_job_that_crashed_too_often_is_kept_by_whoever_found_it_until_it_is_set_aside(redis: Redis, queue: JobQueue) -> None:
    submit(queue, "s")
    for worker in ("first", "second"):
        Taker(redis, worker).take(ALL)
        found = Taker(redis, "finder").take_over(worker)
    assert ids(found) == ["s0"]
    assert waiting(redis) == []
    # Its finder dies too before it has told the person: the next one does it.
    assert ids(Taker(redis, "next").take_over("finder")) == ["s0"]

"""Each person has a turn: whoever asks much keeps nobody waiting, and nobody waits for ever."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from engine.contract import NerRequest, SentimentRequest
from tests.support.working import PLATFORM
from workers.queue import names
from workers.queue.door import JobQueue
from workers.taking import MOST_KEPT, MOST_SHORT_IN_A_ROW, WINDOW, Taker

BATCH = 8
SHORT = {names.SHORT: BATCH}
BOTH = {names.SHORT: BATCH, names.LONG: 1}
LONG_TEXT = "長い文章です。" * 400


@pytest.fixture
def taker(redis: Redis) -> Taker:
    return Taker(redis, "w")


def ask(queue: JobQueue, person: str, *, times: int = 1, kind: Any = SentimentRequest, text: str = "良い", first: int = 0) -> list[str]:
    """Jobs of a person, with their name and number as ids."""
    numbers = range(first, first + times)
    return [queue.submit(kind(text=text), platform=PLATFORM, person=person, job_id=f"{person}{number}") for number in numbers]


def ids(taken: Any) -> list[str]:
    return [each.job_id.decode() for each in taken]


def waiting(redis: Redis) -> list[str]:
    found: Any = redis.lrange(f"rq:queue:{names.SHORT}", 0, -1)
    return [job_id.decode() for job_id in found]


def test_one_question_behind_a_hundred_of_somebody_else_is_in_the_next_batch(queue: JobQueue, taker: Taker) -> None:
    ask(queue, "taro", times=100)
    ask(queue, "hanako")
    assert ids(taker.take(SHORT)) == [*(f"taro{number}" for number in range(BATCH - 1)), "hanako0"]


def test_a_question_of_another_kind_comes_as_soon_as_its_person_has_waited_longer(queue: JobQueue, taker: Taker) -> None:
    ask(queue, "taro", times=100)
    taker.take(SHORT)
    ask(queue, "hanako", kind=NerRequest)
    batches = [ids(taker.take(SHORT)) for _ in range(2)]
    assert ["hanako0"] in batches


def test_the_questions_of_one_person_stay_in_their_order(queue: JobQueue, taker: Taker) -> None:
    taro = ask(queue, "taro", times=20)
    hanako = ask(queue, "hanako", times=20)
    taken = [job for _ in range(5) for job in ids(taker.take(SHORT))]
    assert [job for job in taken if job in taro] == taro
    assert [job for job in taken if job in hanako] == hanako
    assert {job[:4] for job in taken[:BATCH]} == {"taro", "hana"}


def test_several_share_a_batch_evenly(queue: JobQueue, taker: Taker) -> None:
    for person in ("a", "b", "c", "d"):
        ask(queue, person, times=10)
    taken = ids(taker.take(SHORT))
    assert taken == ["a0", "a1", "b0", "b1", "c0", "c1", "d0", "d1"]


def test_whoever_asked_much_is_not_kept_waiting_by_a_stream_of_newcomers(queue: JobQueue, taker: Taker) -> None:
    ask(queue, "taro", times=2 * BATCH)
    taker.take(SHORT)
    for number in range(5):
        ask(queue, f"new{number}-", kind=NerRequest)
        if "taro8" in ids(taker.take(SHORT)):
            break
    else:
        pytest.fail("in vain waited for the second half")


def test_turns_are_kept_also_among_the_kinds_that_are_asked_for(queue: JobQueue, taker: Taker) -> None:
    ask(queue, "taro", times=100)
    taker.take(SHORT)
    ask(queue, "hanako", kind=NerRequest)
    batches = [ids(taker.take(SHORT, kinds=["sentiment", "ner"])) for _ in range(2)]
    assert ["hanako0"] in batches


def test_turns_are_shared_by_all_workers(redis: Redis, queue: JobQueue, taker: Taker) -> None:
    ask(queue, "taro", times=100)
    ask(queue, "hanako", kind=NerRequest)
    taker.take(SHORT)
    assert ids(Taker(redis, "another").take(SHORT)) == ["hanako0"]


def test_the_queue_as_rq_sees_it_holds_what_is_left_in_the_order_of_its_coming(redis: Redis, queue: JobQueue, taker: Taker) -> None:
    jobs = ask(queue, "taro", times=10) + ask(queue, "hanako")
    taken = ids(taker.take(SHORT))
    assert waiting(redis) == [job for job in jobs if job not in taken]
    assert queue.status().waiting == len(jobs) - BATCH


def test_what_was_put_back_unanswered_was_no_turn(queue: JobQueue, taker: Taker) -> None:
    ask(queue, "taro", times=2)
    taker.take({names.SHORT: 1})
    ask(queue, "hanako", kind=NerRequest)
    taker.give_back()
    assert ids(taker.take({names.SHORT: 1})) == ["taro0"]


def test_jobs_of_nobody_have_a_turn_like_those_of_a_person(redis: Redis, queue: JobQueue, taker: Taker) -> None:
    for number in range(20):
        redis.hset(f"rq:job:rubbish{number}", "data", "rubbish")
        redis.rpush(f"rq:queue:{names.SHORT}", f"rubbish{number}")
    ask(queue, "hanako")
    assert ids(taker.take(SHORT)) == ["rubbish0"]
    assert ids(taker.take(SHORT)) == ["hanako0"]
    assert ids(taker.take(SHORT)) == ["rubbish1"]


def test_only_the_head_of_a_queue_is_looked_at_and_nothing_stays_behind(queue: JobQueue, taker: Taker) -> None:
    ask(queue, "taro", times=WINDOW)
    ask(queue, "hanako")
    assert "hanako0" not in ids(taker.take(SHORT))
    assert "hanako0" in ids(taker.take(SHORT))


def test_what_is_known_of_turns_is_bounded(redis: Redis, queue: JobQueue, taker: Taker) -> None:
    redis.hset(names.TURNS, mapping={f"{PLATFORM}:p{number}": "2020" for number in range(MOST_KEPT)})
    ask(queue, "taro")
    taker.take(SHORT)
    assert redis.hlen(names.TURNS) <= MOST_KEPT
    ask(queue, "taro", first=1)
    taker.take(SHORT)
    assert 0 < redis.ttl(names.TURNS) <= 3_600


def test_a_long_text_is_begun_though_short_ones_come_and_come(queue: JobQueue, taker: Taker) -> None:
    ask(queue, "hanako", text=LONG_TEXT)
    taken = []
    for number in range(2 * MOST_SHORT_IN_A_ROW):
        ask(queue, "taro", first=number)
        taken += ids(taker.take(BOTH))
    assert taken.index("hanako0") == MOST_SHORT_IN_A_ROW
    assert len(taken) == 2 * MOST_SHORT_IN_A_ROW + 1

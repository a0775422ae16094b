"""Short questions are answered in the middle of long documents, and nothing of it spoils either."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from redis import Redis

from engine import preemption
from engine.contract import Failure, NerRequest, Request, SentimentRequest, SentimentResult
from tests.support.working import PLATFORM, RecordingEngine, answered, failed, outcome_of, text_of, work_off
from workers.between import EVERY_S
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.taking import Taker

LONG = "長い文章です。" * 400
STEPS = 4


@dataclass
class SteppingEngine(RecordingEngine):
    """Computes long texts in steps, at which it may be preempted; `at_step` is called before each with its number."""

    at_step: Callable[[int], None] = lambda step: None
    in_order: list[str] = field(default_factory=list)  # the texts as they were finished

    def read(self, requests, on_progress=None):  # type: ignore[no-untyped-def]  # as the class that it extends
        if any(len(text_of(request)) > names.LONG_CHARACTERS for request in requests):
            for step in range(STEPS):
                self.at_step(step)
                time.sleep(2 * EVERY_S)
                preemption.point()
        found = super().read(requests, on_progress)
        self.in_order += [text_of(request) for request in requests]
        return found


def submit(queue: JobQueue, *requests: Request) -> list[str]:
    return [queue.submit(request, platform=PLATFORM) for request in requests]


def at(step: int, act: Callable[[], object]) -> Callable[[int], None]:
    def do(number: int) -> None:
        if number == step:
            act()

    return do


@pytest.mark.parametrize("short", ["短い", "short"])
def test_a_short_question_is_answered_while_a_long_one_is_computed(redis: Redis, queue: JobQueue, short: str) -> None:
    [long_job] = submit(queue, SentimentRequest(text=LONG))
    engine = SteppingEngine(at_step=at(1, lambda: submit(queue, SentimentRequest(text=short), NerRequest(text=short))))
    work_off(redis, engine)
    assert engine.in_order == [short, short, LONG]
    assert answered(redis)[-1] == long_job
    assert len(answered(redis)) == 3


def test_short_questions_that_come_together_are_answered_together(redis: Redis, queue: JobQueue) -> None:
    submit(queue, SentimentRequest(text=LONG))
    engine = SteppingEngine(at_step=at(1, lambda: submit(queue, *(SentimentRequest(text=f"文{number}") for number in range(5)))))
    work_off(redis, engine)
    assert [len(batch) for batch in engine.batches] == [5, 1]


def test_a_short_computation_is_not_interrupted(redis: Redis, queue: JobQueue) -> None:
    wanted: list[bool] = []
    submit(queue, SentimentRequest(text="短い"))
    work_off(redis, RecordingEngine(lambda _: wanted.append(preemption.preemptible())))
    assert wanted == [False]


def test_a_job_that_ended_a_worker_is_not_taken_in_the_middle_of_an_innocent_one(redis: Redis, queue: JobQueue) -> None:
    def crash() -> None:
        submit(queue, SentimentRequest(text="危ない"))
        Taker(redis, "dead").take({names.SHORT: 1})
        Taker(redis, "heir").take_over("dead")

    submit(queue, SentimentRequest(text=LONG))
    engine = SteppingEngine(at_step=at(1, crash))
    work_off(redis, engine)
    assert engine.in_order == [LONG, "危ない"]


def test_a_long_job_that_ended_a_worker_is_computed_alone(redis: Redis, queue: JobQueue) -> None:
    submit(queue, SentimentRequest(text=LONG))
    Taker(redis, "dead").take({names.LONG: 1})
    Taker(redis, "heir").take_over("dead")
    engine = SteppingEngine(at_step=at(1, lambda: submit(queue, SentimentRequest(text="短い"))))
    work_off(redis, engine)
    assert engine.in_order == [LONG, "短い"]


def test_a_short_job_that_fails_in_the_middle_fails_alone(redis: Redis, queue: JobQueue) -> None:
    def break_at(text: str) -> None:
        if text == "壊れる":
            raise ZeroDivisionError

    [long_job] = submit(queue, SentimentRequest(text=LONG))
    bad: list[str] = []
    engine = SteppingEngine(break_at, at_step=at(1, lambda: bad.extend(submit(queue, SentimentRequest(text="壊れる")))))
    work_off(redis, engine)
    assert isinstance(outcome_of(redis, bad[0]), Failure)
    assert isinstance(outcome_of(redis, long_job), SentimentResult)
    assert list(failed(redis)) == bad


def test_time_for_short_questions_is_not_counted_to_the_long_one(redis: Redis) -> None:
    queue = JobQueue(redis, QueueSettings(timeout_s=4))  # less than the short ones take together, much more than each
    [long_job] = submit(queue, SentimentRequest(text=LONG))
    slow = [f"文{number}" for number in range(3)]
    steps = iter(slow)
    engine = SteppingEngine(
        lambda text: time.sleep(1.5) if text in slow else None,
        at_step=lambda _: [submit(queue, SentimentRequest(text=text)) for text in [next(steps, "")] if text],
    )
    work_off(redis, engine)
    assert engine.in_order == [*slow, LONG]
    assert isinstance(outcome_of(redis, long_job), SentimentResult)


def test_trouble_of_the_worker_itself_in_the_middle_leaves_the_long_answer_whole(
    redis: Redis, queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    [long_job] = submit(queue, SentimentRequest(text=LONG))
    take, told = Taker.take, []

    def breaks_once(self: Taker, most: dict[str, int], *, kinds: Sequence[str] = ()) -> object:
        if kinds and not told:
            told.append(kinds)
            raise ZeroDivisionError
        return take(self, most, kinds=kinds)

    monkeypatch.setattr(Taker, "take", breaks_once)
    short: list[str] = []
    work_off(redis, SteppingEngine(at_step=at(1, lambda: short.extend(submit(queue, SentimentRequest(text="短い"))))))
    assert told
    assert isinstance(outcome_of(redis, long_job), SentimentResult)
    work_off(redis, RecordingEngine())
    assert isinstance(outcome_of(redis, short[0]), SentimentResult)
    assert not failed(redis)


def test_the_time_that_runs_out_meanwhile_is_not_lost(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = JobQueue(redis, QueueSettings(timeout_s=1))
    take = Taker.take

    def slowly(self: Taker, most: dict[str, int], *, kinds: Sequence[str] = ()) -> object:
        if kinds:
            time.sleep(0.7)  # twice: more than the long job may take
        return take(self, most, kinds=kinds)

    monkeypatch.setattr(Taker, "take", slowly)
    [long_job] = submit(queue, SentimentRequest(text=LONG))
    engine = SteppingEngine(
        lambda text: time.sleep(60) if text == LONG else None, at_step=lambda _: submit(queue, SentimentRequest(text="短い"))
    )
    work_off(redis, engine)
    outcome = outcome_of(redis, long_job)
    assert isinstance(outcome, Failure)
    assert outcome.code == "timeout"

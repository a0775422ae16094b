"""Jobs are answered in batches of one kind, and each has its own success, failure, timeout and cancellation."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import pytest
from redis import Redis

from engine.contract import Failure, NerRequest, NerResult, Request, SentimentRequest, SentimentResult
from tests.support.working import PLATFORM, RecordingEngine, answered, failed, outcome_of, until, work_off
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.taking import Taker
from workers.worker import WAIT_S, BatchingWorker

LONG_TEXT = "長い文章です。" * 400


def submit(queue: JobQueue, *requests: Request) -> list[str]:
    return [queue.submit(request, platform=PLATFORM) for request in requests]


def test_jobs_of_one_kind_are_one_batch_and_kinds_are_not_mixed(redis: Redis, queue: JobQueue) -> None:
    texts = [f"文{number}" for number in range(20)]
    jobs = submit(queue, *(kind(text=text) for text in texts for kind in (SentimentRequest, NerRequest)))
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.texts == [texts, texts]
    assert [{type(request) for request in batch} for batch in engine.batches] == [{SentimentRequest}, {NerRequest}]
    assert sorted(answered(redis)) == sorted(jobs)
    assert {type(outcome_of(redis, job)) for job in jobs[::2]} == {SentimentResult}
    assert {type(outcome_of(redis, job)) for job in jobs[1::2]} == {NerResult}


def test_a_batch_takes_no_more_than_it_may(redis: Redis, queue: JobQueue) -> None:
    submit(queue, *(SentimentRequest(text=str(number)) for number in range(10)))
    engine = RecordingEngine()
    work_off(redis, engine, batch=4)
    assert [len(batch) for batch in engine.batches] == [4, 4, 2]


def test_short_jobs_are_answered_before_long_ones_and_not_together_with_them(redis: Redis, queue: JobQueue) -> None:
    submit(queue, SentimentRequest(text=LONG_TEXT), SentimentRequest(text="短い"), SentimentRequest(text="short"))
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.texts == [["短い", "short"], [LONG_TEXT]]


def test_a_finished_job_leaves_nothing_but_its_answer(redis: Redis, queue: JobQueue) -> None:
    [job] = submit(queue, SentimentRequest(text="良い"))
    work_off(redis, RecordingEngine(), settings=QueueSettings(cache_ttl_s=0))
    of_no_job = (b"rq:worker", b"rq:queues", names.BELL.encode(), names.TURNS.encode(), b"yomite:pace:")
    left = {key.decode() for key in redis.keys("*") if not key.startswith(of_no_job)}
    assert left == {names.outcome(job), names.replies(PLATFORM), names.delivery(job), names.person(PLATFORM, "")}


@pytest.mark.parametrize("bad", ["壊れる", "it breaks"])
def test_an_error_nobody_expected_fails_its_own_job_only(redis: Redis, queue: JobQueue, bad: str) -> None:
    def break_at(text: str) -> None:
        if text == bad:
            raise ZeroDivisionError("a bug")

    good, to_blame, other = submit(queue, *(SentimentRequest(text=text) for text in ("良い", bad, "fine")))
    work_off(redis, RecordingEngine(break_at))
    outcome = outcome_of(redis, to_blame)
    assert isinstance(outcome, Failure)
    assert outcome.code == "internal_error"
    assert "ZeroDivisionError" in outcome.message.ja
    assert "ZeroDivisionError" in outcome.message.en
    assert "a bug" not in outcome.message.ja + outcome.message.en  # an error's own words may quote a text or name a file
    assert isinstance(outcome_of(redis, good), SentimentResult)
    assert isinstance(outcome_of(redis, other), SentimentResult)
    assert list(failed(redis)) == [to_blame]
    assert bad not in failed(redis)[to_blame]


@pytest.mark.parametrize("slow", ["遅い文章", "a slow text"])
def test_a_job_that_takes_too_long_is_stopped_and_the_others_are_answered(redis: Redis, slow: str) -> None:
    queue = JobQueue(redis, QueueSettings(timeout_s=1))
    good, late = submit(queue, SentimentRequest(text="良い"), SentimentRequest(text=slow))
    work_off(redis, RecordingEngine(lambda text: time.sleep(60) if text == slow else None))
    outcome = outcome_of(redis, late)
    assert isinstance(outcome, Failure)
    assert outcome.code == "timeout"
    assert "1 秒" in outcome.message.ja
    assert "1 s" in outcome.message.en
    assert isinstance(outcome_of(redis, good), SentimentResult)
    assert failed(redis) == {late: "timeout: not done within 1 s"}


def test_a_job_that_is_cancelled_between_taking_and_computing_is_not_computed(redis: Redis, queue: JobQueue) -> None:
    stays, goes = submit(queue, SentimentRequest(text="残る"), SentimentRequest(text="消える"))
    redis.set(names.cancelled(goes), 1)
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.texts == [["残る"]]
    assert answered(redis) == [stays]
    assert not redis.exists(f"rq:job:{goes}")


def test_a_job_that_is_cancelled_while_it_is_computed_gets_no_answer(redis: Redis, queue: JobQueue) -> None:
    stays, goes = submit(queue, SentimentRequest(text="残る"), SentimentRequest(text="消える"))
    work_off(redis, RecordingEngine(lambda text: queue.cancel(goes)))
    assert answered(redis) == [stays]
    assert outcome_of(redis, goes) is None


def test_how_things_stand_shows_running_and_waiting_jobs_and_the_worker(redis: Redis, queue: JobQueue) -> None:
    seen = []
    submit(queue, SentimentRequest(text="一"), NerRequest(text="二"))
    work_off(redis, RecordingEngine(lambda text: seen.append(queue.status())))
    assert [(status.running, status.waiting, status.workers) for status in seen] == [(1, 1, 1), (1, 0, 1)]
    after = queue.status()
    assert (after.running, after.waiting, after.workers) == (0, 0, 0)


# --- Crashes -------------------------------------------------------------------------------------------------------


def test_jobs_of_a_dead_worker_are_run_again_before_all_others(redis: Redis, queue: JobQueue) -> None:
    lost = submit(queue, SentimentRequest(text="一"), SentimentRequest(text="二"))
    assert len(Taker(redis, "ghost").take({names.SHORT: 8})) == 2
    submit(queue, SentimentRequest(text="三"))
    engine = RecordingEngine()
    work_off(redis, engine)
    # One by one, so that one of them cannot take the other down again.
    assert engine.texts == [["一"], ["二"], ["三"]]
    assert answered(redis)[:2] == lost


def test_a_job_that_two_workers_died_of_is_set_aside_and_its_person_is_told(redis: Redis, queue: JobQueue) -> None:
    innocent, poison = submit(queue, SentimentRequest(text="無実"), SentimentRequest(text="毒"))
    assert len(Taker(redis, "ghost-1").take({names.SHORT: 8})) == 2

    class Died(BaseException):
        """As if the process ended here."""

    def die(text: str) -> None:
        if text == "毒":
            # A worker that is killed puts nothing in order.
            redis.rename(names.taken(worker_name()), names.taken("ghost-2"))
            redis.sadd(names.TAKERS, "ghost-2")
            raise Died

    def worker_name() -> str:
        [key] = [key.decode() for key in redis.keys("yomite:taken:*")]
        return key.removeprefix("yomite:taken:")

    with pytest.raises(Died):
        work_off(redis, RecordingEngine(die))
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.batches == []
    outcome = outcome_of(redis, poison)
    assert isinstance(outcome, Failure)
    assert outcome.code == "worker_died"
    assert "2 回" in outcome.message.ja
    assert "twice" in outcome.message.en
    assert list(failed(redis)) == [poison]
    assert isinstance(outcome_of(redis, innocent), SentimentResult)


def test_an_answer_of_a_job_that_another_worker_has_taken_over_is_not_written(redis: Redis, queue: JobQueue) -> None:
    [job] = submit(queue, SentimentRequest(text="二度"))

    def be_taken_over_once(text: str) -> None:
        if len(engine.batches) == 1:
            [key] = redis.keys("yomite:taken:*")
            Taker(redis, "other").take_over(key.decode().removeprefix("yomite:taken:"))

    engine = RecordingEngine(be_taken_over_once)
    work_off(redis, engine)  # it takes the job a second time, as any worker would
    assert [len(batch) for batch in engine.batches] == [1, 1]
    assert answered(redis) == [job]


def test_a_living_workers_jobs_are_left_to_it(redis: Redis, queue: JobQueue) -> None:
    submit(queue, SentimentRequest(text="外"))
    engine = RecordingEngine()

    def let_another_work(text: str) -> None:
        if text == "外":
            submit(queue, SentimentRequest(text="内"))
            work_off(redis, engine)

    work_off(redis, RecordingEngine(let_another_work))
    assert engine.texts == [["内"]]


def test_a_worker_tidies_up_once_when_it_has_become_quiet(redis: Redis, queue: JobQueue) -> None:
    submit(queue, SentimentRequest(text="良い"))
    quiet: list[float] = []
    worker = BatchingWorker(redis, RecordingEngine(), batch=8, on_quiet=lambda: quiet.append(time.monotonic()))

    def stop() -> None:
        try:
            until(lambda: quiet, what="quiet")
            time.sleep(3 * WAIT_S)
        finally:
            worker.request_stop()

    stopping = threading.Thread(target=stop)
    stopping.start()
    worker.work()
    stopping.join()
    assert len(quiet) == 1


def test_what_a_failed_batch_had_in_memory_is_free_when_its_jobs_are_run_one_by_one(redis: Redis, queue: JobQueue) -> None:
    class Tensor:
        """Something large that a batch makes."""

    made: list[weakref.ref[Tensor]] = []
    held: list[int] = []

    class ShortOfMemory(RecordingEngine):
        def read(self, requests, on_progress=None):  # type: ignore[no-untyped-def]  # as the class that it extends
            gc.collect()
            held.append(sum(each() is not None for each in made))
            large = Tensor()
            made.append(weakref.ref(large))
            if len(requests) > 1:
                raise MemoryError
            return super().read(requests, on_progress)

    jobs = submit(queue, *(SentimentRequest(text=text) for text in ("良い", "fine", "悪い")))
    work_off(redis, ShortOfMemory())
    assert held == [0, 0, 0, 0, 0]  # three together, one, two together, one, one
    assert all(isinstance(outcome_of(redis, job), SentimentResult) for job in jobs)

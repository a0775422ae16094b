"""Pictures are drawn beside the computation: nothing waits for them, and each job is answered once whatever happens meanwhile."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from redis import Redis

from engine.contract import Failure, NerRequest, Request, Result, SentimentRequest, SimilarResult
from engine.drawing import Undrawn
from engine.errors import BadInputError
from tests.support.drawing import DRAWN, UNDRAWN, DrawingEngine, pictured
from tests.support.working import PLATFORM, answered, failed, outcome_of, until, work_off
from workers import worker as worker_module
from workers.composition import connect
from workers.computing import OnProgress
from workers.drawing import BACKLOG, THREADS
from workers.liveness import dead_takers
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis
from workers.taking import Taken, Taker
from workers.worker import BatchingWorker

TEXTS = ["京都の地図", "a map of Kyoto"]


def submit(queue: JobQueue, *requests: Request) -> list[str]:
    return [queue.submit(request, platform=PLATFORM) for request in requests]


def waiting(redis: Redis) -> list[str]:
    found: Any = redis.lrange(f"rq:queue:{names.SHORT}", 0, -1)
    return [job_id.decode() for job_id in found]


# --- Nothing waits for a picture -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
def test_the_next_batches_are_answered_while_a_picture_is_drawn(redis: Redis, queue: JobQueue, text: str) -> None:
    slow, *others = submit(queue, pictured(text), SentimentRequest(text="良い"), NerRequest(text="Kyoto"))
    engine = DrawingEngine(on_draw=lambda text: until(lambda: len(answered(redis)) == 2, what="the other answers"))
    work_off(redis, engine)  # it leaves when the picture is drawn, too
    assert answered(redis) == [*others, slow]
    assert outcome_of(redis, slow) == DRAWN
    assert engine.drawn == [text]


def test_how_far_long_jobs_are_is_told_while_a_picture_is_drawn(redis: Redis, queue: JobQueue) -> None:
    told = threading.Event()

    class Long(DrawingEngine):
        def read(self, requests: Any, on_progress: OnProgress | None = None) -> Any:
            while isinstance(requests[0], SentimentRequest) and on_progress is not None and not told.wait(0.05):
                on_progress(0, 0.5)
            return super().read(requests, on_progress)

    def listen(text: str) -> None:
        with redis.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(names.progress(PLATFORM))
            message: Any = None
            while message is None:
                message = channel.get_message(timeout=1)
            assert json.loads(message["data"]) == {"job": long, "share": 0.5}
            told.set()

    picture, long = submit(queue, pictured("図"), SentimentRequest(text="長い"))
    work_off(redis, Long(on_draw=listen))
    assert answered(redis)[-1] in (picture, long)
    assert outcome_of(redis, picture) == DRAWN


def test_where_many_pictures_wait_no_more_are_taken_but_other_jobs_are(redis: Redis, queue: JobQueue) -> None:
    seen: list[tuple[bool, list[str]]] = []
    others: list[str] = []
    first = threading.Lock()

    def look(text: str) -> None:
        if not first.acquire(blocking=False):
            until(lambda: seen, what="the first drawing to have looked")
            return
        more, quick = submit(queue, pictured("一つ多い図"), SentimentRequest(text="良い"))
        others.extend([more, quick])
        until(lambda: quick in answered(redis), what="the job without a picture")
        seen.append((more in waiting(redis), answered(redis)))

    pictures = submit(queue, *(pictured(str(number)) for number in range(THREADS + BACKLOG)))
    work_off(redis, DrawingEngine(on_draw=look))
    assert seen == [(True, [others[1]])]
    assert sorted(answered(redis)) == sorted([*pictures, *others])


def test_a_worker_that_leaves_when_nothing_waits_does_not_leave_before_a_picture_that_had_to_wait(
    redis: Redis, queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, others, go_on = Taker.take, list[str](), threading.Event()

    def and_then_all_is_drawn(self: Taker, most: dict[str, int], *, kinds: Sequence[str] = ()) -> list[Taken]:
        found = take(self, most, kinds=kinds)
        if others and not found and worker._drawings.full:
            go_on.set()
            until(lambda: len(worker._drawings) == 0, what="the end of the drawings")
        return found

    def draw(text: str) -> None:
        if not others:
            others.extend(submit(queue, pictured("一つ多い図")))
        until(go_on.is_set, what="a worker that has found nothing else")

    monkeypatch.setattr(Taker, "take", and_then_all_is_drawn)
    pictures = submit(queue, *(pictured(str(number)) for number in range(THREADS + BACKLOG)))
    worker = BatchingWorker(redis, DrawingEngine(on_draw=draw), batch=64)
    worker.work(burst=True)
    assert sorted(answered(redis)) == sorted([*pictures, *others])


def test_an_alarm_of_what_is_computed_does_not_reach_a_drawing(redis: Redis, queue: JobQueue) -> None:
    [picture] = submit(queue, pictured("図"))
    late = JobQueue(redis, QueueSettings(timeout_s=1)).submit(SentimentRequest(text="遅い"), platform=PLATFORM)
    engine = DrawingEngine(
        on_text=lambda text: time.sleep(60) if text == "遅い" else None,
        on_draw=lambda text: until(lambda: answered(redis) == [late], what="the timeout"),
    )
    work_off(redis, engine)
    assert answered(redis) == [late, picture]
    assert outcome_of(redis, picture) == DRAWN
    assert isinstance(outcome_of(redis, late), Failure)


# --- The job while it is drawn -------------------------------------------------------------------------------------


def test_a_job_that_is_drawn_stays_taken_and_running_and_no_other_worker_takes_it(redis: Redis, queue: JobQueue) -> None:
    [job] = submit(queue, pictured("図"))
    seen: dict[str, Any] = {}

    def look(text: str) -> None:
        [quick] = submit(queue, SentimentRequest(text="良い"))
        until(lambda: answered(redis) == [quick], what="another answer")
        status = queue.status()
        redis.zadd(f"rq:wip:{names.SHORT}", {f"{job}:{worker.name}": 1.0})
        worker.beat()
        seen.update(
            taken=redis.hkeys(names.taken(worker.name)),
            dead=dead_takers(redis, but="another"),
            running=(status.running, status.waiting, redis.hget(f"rq:worker:{worker.name}", "state")),
            until=redis.zscore(f"rq:wip:{names.SHORT}", f"{job}:{worker.name}"),
            others=Taker(redis, "another").take({names.SHORT: 8}),
        )

    worker = BatchingWorker(redis, DrawingEngine(on_draw=look), batch=8)
    worker.work(burst=True)
    assert seen.pop("until") > time.time()
    assert seen == {"taken": [job.encode()], "dead": [], "running": (1, 0, b"busy"), "others": []}
    assert answered(redis)[1:] == [job]


def test_a_job_that_was_drawn_leaves_nothing_but_its_answer(redis: Redis, queue: JobQueue) -> None:
    [job] = submit(queue, pictured("図"))
    work_off(redis, DrawingEngine(), settings=QueueSettings(cache_ttl_s=0))
    of_no_job = (b"rq:worker", b"rq:queues", names.BELL.encode(), names.TURNS.encode(), b"yomite:pace:")
    left = {key.decode() for key in redis.keys("*") if not key.startswith(of_no_job)}
    assert left == {names.outcome(job), names.blob(job, 0), names.replies(PLATFORM), names.delivery(job), names.person(PLATFORM, "")}
    assert not [thread for thread in threading.enumerate() if thread.name == "drawing"]


def test_a_job_that_is_cancelled_while_it_is_drawn_gets_no_answer(redis: Redis, queue: JobQueue) -> None:
    stays, goes = submit(queue, pictured("残る"), pictured("消える"))
    work_off(redis, DrawingEngine(on_draw=lambda text: queue.cancel(goes)))
    assert answered(redis) == [stays]
    assert outcome_of(redis, goes) is None
    assert not redis.exists(f"rq:job:{goes}")


def test_the_same_question_while_its_picture_is_drawn_is_computed_and_afterwards_not(redis: Redis, queue: JobQueue) -> None:
    jobs = submit(queue, pictured("図"), pictured("図"))
    engine = DrawingEngine(on_draw=lambda text: until(lambda: len(engine.batches) == 2, what="the second batch"))
    work_off(redis, engine, batch=1)
    jobs += submit(queue, pictured("図"))
    work_off(redis, engine)
    assert sorted(answered(redis)) == sorted(jobs)
    assert [outcome_of(redis, job) for job in jobs] == [DRAWN] * 3
    assert len(engine.batches) == len(engine.drawn) == 2
    assert len(redis.keys(names.cached("*"))) == 1


# --- What goes wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", ["描けない", "it cannot be drawn"])
def test_a_drawing_that_breaks_is_its_own_jobs_failure_and_the_worker_lives_on(redis: Redis, queue: JobQueue, bad: str) -> None:
    def break_at(text: str) -> None:
        if text == bad:
            raise ZeroDivisionError(text)

    to_blame, good = submit(queue, pictured(bad), pictured("良い"))
    work_off(redis, DrawingEngine(on_draw=break_at))
    outcome = outcome_of(redis, to_blame)
    assert isinstance(outcome, Failure)
    assert outcome.code == "internal_error"
    assert "ZeroDivisionError" in outcome.message.ja
    assert "ZeroDivisionError" in outcome.message.en
    assert outcome_of(redis, good) == DRAWN
    assert list(failed(redis)) == [to_blame]
    assert "break_at" in failed(redis)[to_blame]
    assert bad not in failed(redis)[to_blame]


def test_what_cannot_be_drawn_is_refused_in_the_engines_own_words(redis: Redis, queue: JobQueue) -> None:
    def refuse(text: str) -> None:
        raise BadInputError("too_wide", ja="図が大きすぎます。", en="The picture is too large.")

    [job] = submit(queue, pictured("図"))
    work_off(redis, DrawingEngine(on_draw=refuse))
    outcome = outcome_of(redis, job)
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.message.ja, outcome.message.en) == ("too_wide", "図が大きすぎます。", "The picture is too large.")
    assert failed(redis) == {}


def test_a_drawing_that_takes_too_long_is_answered_without_the_picture_and_others_go_on(redis: Redis, queue: JobQueue) -> None:
    done = threading.Event()
    stuck = [
        JobQueue(redis, QueueSettings(timeout_s=1)).submit(pictured(f"終わらない{number}"), platform=PLATFORM) for number in range(THREADS)
    ]
    [good] = submit(queue, pictured("良い"))
    threads: list[int] = []

    def draw(text: str) -> None:
        if text == "良い":
            threads.append(sum(thread.name == "drawing" for thread in threading.enumerate()))
        else:
            until(done.is_set, what="the end of the test")

    try:
        work_off(redis, DrawingEngine(on_draw=draw))
    finally:
        done.set()
    assert threads == [THREADS + 1]
    assert sorted(answered(redis)) == sorted([*stuck, good])
    for job in stuck:
        outcome = outcome_of(redis, job)
        assert isinstance(outcome, SimilarResult)
        assert (outcome.matrix, outcome.images) == (UNDRAWN.matrix, ())
        [note] = outcome.notes
        assert "1 秒" in note.ja
        assert "1 s" in note.en
    assert outcome_of(redis, good) == DRAWN
    assert len(redis.keys(names.cached("*"))) == 1  # the good one
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "drawing"], what="the end of the threads")


def test_trouble_with_redis_gives_back_what_is_drawn_and_it_is_answered_once(redis: Redis, queue: JobQueue, server: EmbeddedRedis) -> None:
    [job] = submit(queue, pictured("図"))

    def cut_off(text: str) -> None:
        if len(engine.drawn) == 1:
            # Again and again: a connection that lies idle is replaced without a word.
            until(lambda: len(engine.drawn) == 2 or redis.client_kill_filter(_type="normal", skipme=True) < 0, what="the second drawing")
            raise ZeroDivisionError  # nobody hears of it any more

    engine = DrawingEngine(on_draw=cut_off)
    with connect(server.url) as connection:
        work_off(connection, engine)
    assert len(engine.drawn) == 2
    assert answered(redis) == [job]
    assert outcome_of(redis, job) == DRAWN
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "drawing"], what="the end of the threads")
    assert answered(redis) == [job]
    assert not redis.exists(f"rq:job:{job}")


def test_a_batch_that_breaks_the_worker_is_not_counted_against_what_is_drawn(redis: Redis, queue: JobQueue) -> None:
    class Broken(DrawingEngine):
        def read(self, requests: Any, on_progress: OnProgress | None = None) -> list[Result | Undrawn]:
            return [] if isinstance(requests[0], SentimentRequest) else super().read(requests, on_progress)

    picture, breaks = submit(queue, pictured("図"), SentimentRequest(text="壊す"))

    def linger(text: str) -> None:
        until(lambda: redis.hget(f"rq:job:{breaks}", "status") == b"started", what="the break")
        time.sleep(0.5)

    engine = Broken(on_draw=linger)
    work_off(redis, engine)
    assert answered(redis) == [picture, breaks]
    assert engine.drawn == ["図"]
    assert outcome_of(redis, picture) == DRAWN
    outcome = outcome_of(redis, breaks)
    assert isinstance(outcome, Failure)
    assert outcome.code == "worker_died"


def test_a_job_that_a_worker_died_of_is_drawn_before_anything_else_is_computed(redis: Redis, queue: JobQueue) -> None:
    lost = submit(queue, pictured("一"), pictured("二"))
    assert len(Taker(redis, "ghost").take({names.SHORT: 8})) == 2
    submit(queue, SentimentRequest(text="三"))
    computed: list[int] = []

    def look(text: str) -> None:
        time.sleep(0.3)
        computed.append(len(engine.batches))

    engine = DrawingEngine(on_draw=look)
    work_off(redis, engine)
    assert computed == [1, 2]
    assert answered(redis)[:2] == lost


# --- The end of the worker -----------------------------------------------------------------------------------------


def test_a_worker_that_is_to_stop_waits_for_what_is_drawn(redis: Redis, queue: JobQueue) -> None:
    [job] = submit(queue, pictured("図"))
    left: list[str] = []
    told = threading.Event()

    def stop() -> None:  # between two turns, so that none takes what comes now
        worker.request_stop()
        left.extend(submit(queue, SentimentRequest(text="もう読まない")))
        told.set()

    def linger(text: str) -> None:
        assert told.wait(timeout=60)
        time.sleep(2 * worker_module.WAIT_S)
        assert waiting(redis) == left

    worker = BatchingWorker(redis, DrawingEngine(on_draw=linger), batch=8, idle_work=[stop])
    worker.work()
    assert left
    assert answered(redis) == [job]
    assert outcome_of(redis, job) == DRAWN


def test_a_second_interrupt_gives_back_what_is_drawn(redis: Redis, queue: JobQueue) -> None:
    [job] = submit(queue, pictured("図"))
    given_back = threading.Event()

    def interrupt_twice(text: str) -> None:
        signal.raise_signal(signal.SIGINT)
        until(lambda: worker._stop_requested, what="the first interrupt to be heard")
        time.sleep(1.5 * worker_module.IMPATIENT_S)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        until(given_back.is_set, what="the end of the worker")

    worker = BatchingWorker(redis, DrawingEngine(on_draw=interrupt_twice), batch=8)
    with pytest.raises(SystemExit):
        worker.work(burst=True)
    given_back.set()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "drawing"], what="the end of the threads")
    assert answered(redis) == []
    assert waiting(redis) == [job]
    assert not redis.exists(names.TAKERS)

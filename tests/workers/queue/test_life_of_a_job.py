"""The life of a job (docs/en/reliability.md, part 1) as a model, held against the real queue in a real Redis through any course of events.

`YOMITE_LIVES` says how many courses are tried, each of `YOMITE_LIFE_STEPS` events at most; with `YOMITE_LIFE_SHRINKS` a course that fails
is made as short as it can be.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
import redis.asyncio
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from redis import Redis

from engine.contract import Failure, NerRequest, SentimentRequest
from tests.support.working import answer_to
from tests.workers.queue.life import Bot, Job, Seen, Worker, look
from workers import failures
from workers.answer_cache import AnswerCache
from workers.books import Books
from workers.carried import Carried, Ended, read
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.replies import CANCELLED, Entry, Finished, ReplyStream, ReplyWriter
from workers.queue.server import EmbeddedRedis
from workers.taking import MOST_CRASHES, Taken, Taker

LIVES = int(os.environ.get("YOMITE_LIVES", "100"))
STEPS = int(os.environ.get("YOMITE_LIFE_STEPS", "40"))
SHRINKS = bool(os.environ.get("YOMITE_LIFE_SHRINKS"))  # looks for the shortest course that fails: up to five minutes
PLATFORM = "life"
PEOPLE = ("hanako", "taro")
WORKERS = ("w0", "w1", "w2")
BOTS = ("b0", "b1")
RESTARTS = (0,) * 9 + (1,)  # how often Redis may start again in a course: each time takes a while
FOREVER = (
    "yomite:bell",
    "yomite:takers",
    "yomite:taken:",
    "yomite:replies:",
    "rq:queue:",
    "rq:queues",
    "rq:worker:",
    "rq:wip:",
    "rq:failed:",
)


class LifeOfJobs(RuleBasedStateMachine):
    """Any course of events, and what must be true after each."""

    server: ClassVar[EmbeddedRedis]

    # --- The stage ---------------------------------------------------------------------------------------------------

    @initialize(restarts=st.sampled_from(RESTARTS))
    def begin(self, restarts: int) -> None:
        self.jobs: dict[str, Job] = {}
        self.known: list[Job] = []  # whose delivery is there
        self.restarts_left = restarts
        self.redis = Redis.from_url(self.server.url)
        self.redis.flushall()
        self.loop = asyncio.new_event_loop()
        self.connection = redis.asyncio.Redis.from_url(self.server.url)
        self.queue = JobQueue(self.redis)
        self.workers = {name: self._worker(name) for name in WORKERS}
        self.bots = {name: Bot(ReplyStream(self.connection, platform=PLATFORM, consumer=name)) for name in BOTS}
        self._do(self.bots["b0"].stream.open())

    def teardown(self) -> None:
        """Whatever happened, in the end everything is brought to its end, and nothing is left."""
        if not hasattr(self, "loop"):
            return
        try:
            self._work_off()
            self.all_is_where_it_must_be()
            for job in self.jobs.values():
                assert job.posted or job.silent or job.late, (job, "was never answered")
                assert job.over or job.silent
            seen = self._look()
            assert seen.ids == set()
            assert [key for key in seen.keys if key.startswith(("yomite:outcome:", "yomite:taken:"))] == []
        finally:
            self._do(self.connection.aclose())
            self.loop.close()
            self.redis.close()

    def _work_off(self) -> None:
        for name in WORKERS:
            self.worker_leaves(name)
        while any(job.place == "queue" for job in self.jobs.values()):
            self.worker_takes("w0", 4)
            self.worker_finishes("w0", 99)
        for name in BOTS:
            self.bot_starts_again(name)
        while self.redis.xlen(names.replies(PLATFORM)):
            self.bot_reads("b0", 8)
            for bot in BOTS:
                self.bot_posts(bot, 99, finishes=True)

    def _worker(self, name: str) -> Worker:
        given = QueueSettings()
        books = Books(
            self.redis,
            worker=name,
            worker_key=f"rq:worker:{name}",
            replies=ReplyWriter(self.redis, given),
            cache=AnswerCache(self.redis, ttl_s=0),
            failure_ttl_s=given.answer_ttl_s,
        )
        return Worker(Taker(self.redis, name), books)

    def _do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    # --- People ------------------------------------------------------------------------------------------------------

    @rule(person=st.sampled_from(PEOPLE), names_wanted=st.booleans(), long=st.booleans())
    def person_asks(self, person: str, names_wanted: bool, long: bool) -> None:
        number = len(self.jobs)
        text = f"question {number}" + " and more" * (300 if long else 0)
        job = Job(number=number, person=person, request=NerRequest(text=text) if names_wanted else SentimentRequest(text=text))
        self.jobs[job.id] = job
        self._hand_over(job)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def event_comes_again(self, data: st.DataObject) -> None:
        """While its job is known: after that it is a new one."""
        self._hand_over(data.draw(st.sampled_from(self.known)))

    @precondition(lambda self: any(job.is_expected for job in self.jobs.values()))
    @rule(person=st.sampled_from(PEOPLE))
    def person_cancels_everything(self, person: str) -> None:
        expected = [job for job in self.jobs.values() if job.person == person and job.is_expected]
        found = self.queue.cancel_all_of(PLATFORM, person)
        silent = {job.id for job in self.jobs.values() if job.silent}
        assert set(found) - silent == {job.id for job in expected}
        for job_id in found:
            self._is_cancelled(self.jobs[job_id], told=True)

    @precondition(lambda self: any(job.is_expected for job in self.jobs.values()))
    @rule(data=st.data())
    def nobody_waits_for_one_any_more(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from([job for job in self.jobs.values() if job.is_expected]))
        self.queue.cancel(job.id)
        self._is_cancelled(job, told=False)

    def _hand_over(self, job: Job) -> None:
        record = {"command": "x", "person": job.person, "job": job.id}
        assert self.queue.submit(job.request, platform=PLATFORM, person=job.person, record=record, job_id=job.id) == job.id

    def _is_cancelled(self, job: Job, *, told: bool) -> None:
        job.cancelled = True
        job.silent = not told
        if job.place == "queue":
            job.place = ""
        if told:
            job.answer, job.entries = "cancelled", job.entries + 1
        elif not job.entries and not job.place:
            job.over = True  # nothing of it is left

    # --- Workers -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: any(job.place == "queue" for job in self.jobs.values()))
    @rule(worker=st.sampled_from(WORKERS), most=st.integers(1, 4))
    def worker_takes(self, worker: str, most: int) -> None:
        it = self.workers[worker]
        taken = it.taker.take({names.SHORT: most, names.LONG: most})
        waiting = [job for job in self.jobs.values() if job.place == "queue"]
        assert bool(taken) == bool(waiting)
        assert len(taken) <= most
        assert len({type(self._job(each).request) for each in taken}) <= 1
        for each in taken:
            job = self._job(each)
            assert job.place == "queue"
            assert not job.crashes or len(taken) == 1  # it must not take others down with it
            job.place = worker
            it.believes[job.id] = each
        carried = [found for found in map(read, taken) if isinstance(found, Carried)]
        assert len(carried) == len(taken)
        assert [found.request for found in carried] == [self._job(each).request for each in taken]
        assert it.books.start(carried) == [self._job(each).cancelled for each in taken]

    @precondition(lambda self: self._believing(self.workers))
    @rule(data=st.data(), most=st.integers(1, 4))
    def some_worker_finishes(self, data: st.DataObject, most: int) -> None:
        self.worker_finishes(data.draw(st.sampled_from(self._believing(self.workers))), most)

    def worker_finishes(self, worker: str, most: int) -> None:
        it = self.workers[worker]
        some = [it.believes.pop(job_id) for job_id in list(it.believes)[:most]]
        self._end(it, [Ended(taken=each, platform=PLATFORM, outcome=answer_to(self._job(each).request)) for each in some], worker, "result")

    @precondition(lambda self: self._mistaken())
    @rule(data=st.data())
    def worker_comes_back(self, data: st.DataObject) -> None:
        """It stood still, others have taken over its jobs, and now it finishes them."""
        self.worker_finishes(data.draw(st.sampled_from(self._mistaken())), 99)

    @precondition(lambda self: self._believing(self.workers))
    @rule(data=st.data())
    def some_worker_leaves(self, data: st.DataObject) -> None:
        self.worker_leaves(data.draw(st.sampled_from(self._believing(self.workers))))

    def worker_leaves(self, worker: str) -> None:
        it = self.workers[worker]
        it.taker.give_back()
        it.believes.clear()
        for job in self._jobs_at(worker):
            job.place = "queue"

    @precondition(lambda self: any(job.place in WORKERS for job in self.jobs.values()))
    @rule(data=st.data())
    def worker_dies(self, data: st.DataObject) -> None:
        """Or stands still so long that the others think so: it may still come back and finish."""
        dead = data.draw(st.sampled_from([name for name in WORKERS if self._jobs_at(name)]))
        other = data.draw(st.sampled_from([name for name in WORKERS if name != dead]))
        aside = self.workers[other].taker.take_over(dead)
        for job in self._jobs_at(dead):
            job.crashes += 1
            job.place = "queue" if job.crashes < MOST_CRASHES else other
        assert {self._job(each).id for each in aside} == {job.id for job in self._jobs_at(other) if job.crashes >= MOST_CRASHES}
        blamed = [Ended(taken=each, platform=PLATFORM, outcome=failures.worker_died(), blame="worker_died") for each in aside]
        self._end(self.workers[other], blamed, other, "failure")

    def _end(self, worker: Worker, ended: Sequence[Ended], name: str, answer: str) -> None:
        worker.books.finish(ended)
        for each in ended:
            job = self._job(each.taken)
            if job.place != name:
                continue
            job.place = ""
            if not job.cancelled:
                job.answer, job.entries, job.failed = answer, job.entries + 1, bool(each.blame)
            elif not job.entries:
                job.over = True

    # --- Bots --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: any(job.entries for job in self.jobs.values()))
    @rule(bot=st.sampled_from(BOTS), count=st.integers(1, 8))
    def bot_reads(self, bot: str, count: int) -> None:
        it = self.bots[bot]
        for entry in self._do(it.stream.new(wait_s=0.001, count=count)):
            it.believes[entry.entry_id] = entry

    @rule(bot=st.sampled_from(BOTS))
    def bot_starts_again(self, bot: str) -> None:
        """It was killed, and finds what it had in hand, and what others have: the time after which they count as dead is none here."""
        had = set(self.bots[bot].believes)
        self.bots[bot].believes.clear()
        found = self._do(self.bots[bot].stream.unfinished())
        assert had <= {entry.entry_id for entry in found} | self._gone(had)
        assert all(entry.again for entry in found)
        self.bots[bot].believes = {entry.entry_id: entry for entry in found}

    @precondition(lambda self: self._believing(self.bots))
    @rule(data=st.data(), name=st.sampled_from(["said", "progress"]))
    def bot_marks(self, data: st.DataObject, name: str) -> None:
        bot = data.draw(st.sampled_from(self._believing(self.bots)))
        for entry in self.bots[bot].believes.values():
            self._do(self.bots[bot].stream.mark(entry.job_id, name, "done"))
            found = self._load(bot, entry)
            assert found is None or found.marks[name] == "done"

    @precondition(lambda self: self._believing(self.bots))
    @rule(data=st.data(), most=st.integers(1, 8), finishes=st.booleans())
    def some_bot_posts(self, data: st.DataObject, most: int, finishes: bool) -> None:
        """It may die between posting and saying so: then the answer stands already where the next one looks."""
        self.bot_posts(data.draw(st.sampled_from(self._believing(self.bots))), most, finishes=finishes)

    def bot_posts(self, bot: str, most: int, *, finishes: bool) -> None:
        it = self.bots[bot]
        for entry in list(it.believes.values())[:most]:
            found, job = self._load(bot, entry), self.jobs[entry.job_id]
            if found is not None:
                job.posted.add(entry.entry_id)
                assert len(job.posted) == 1 or job.cancelled, (job, "is answered a second time")
            if finishes:
                self._finish(bot, entry)

    @precondition(lambda self: self._answered())
    @rule(data=st.data())
    def answer_time_is_over(self, data: st.DataObject) -> None:
        """What Redis drops by itself then; the entry in the stream stays."""
        job = data.draw(st.sampled_from(self._answered()))
        keys = [names.delivery(job.id), names.outcome(job.id)]
        assert all(self.redis.ttl(key) > 0 for key in keys if self.redis.exists(key))
        self.redis.delete(*keys)
        job.late = job.late or not job.posted
        job.answer = ""

    def _load(self, bot: str, entry: Entry) -> Finished | None:
        """What a bot finds for an entry; a late one has no answer."""
        found = self._do(self.bots[bot].stream.load(entry.job_id))
        job = self.jobs[entry.job_id]
        if not isinstance(found, Finished) or not found.record.get("command"):
            assert job.over or job.silent or job.late or not job.answer, (job, "its answer is gone")
            return None
        assert found.record["job"] == job.id
        code = found.outcome.code if isinstance(found.outcome, Failure) else "result"
        assert {"result": "result", CANCELLED: "cancelled", "worker_died": "failure"}[code] == job.answer
        return found

    def _finish(self, bot: str, entry: Entry) -> None:
        job = self.jobs[entry.job_id]
        self._do(self.bots[bot].stream.finish(entry, person=job.person))
        for each in self.bots.values():
            each.believes.pop(entry.entry_id, None)
        job.entries, job.answer, job.over = job.entries - 1, "", True

    def _gone(self, entry_ids: Iterable[str]) -> set[str]:
        """Those that another bot has in hand, or finished."""
        found: Any = self.redis.xpending_range(names.replies(PLATFORM), "bot", "-", "+", 1_000)
        owners = {row["message_id"].decode(): row["consumer"].decode() for row in found}
        return {entry_id for entry_id in entry_ids if entry_id not in owners}

    # --- Redis -------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.restarts_left and len(self.jobs) > 3)
    @rule(killed=st.booleans())
    def redis_starts_again(self, killed: bool) -> None:
        self.restarts_left -= 1
        if killed and self.server.pid is not None:
            os.kill(self.server.pid, signal.SIGKILL)
        self.server.stop()
        self.server.start()
        self._do(self.connection.connection_pool.disconnect())

    # --- What must be true at every moment ---------------------------------------------------------------------------

    @invariant()
    def all_is_where_it_must_be(self) -> None:
        seen = self._look()
        for job in self.jobs.values():
            assert seen.queued.count(job.id) == (job.place == "queue"), job
            assert [worker for worker, ids in seen.taken.items() if job.id in ids] == ([job.place] if job.place in WORKERS else []), job
            assert seen.streamed.count(job.id) == job.entries, job
            assert (names.outcome(job.id) in seen.keys) == bool(job.answer), job
            assert (job.id in seen.failed) == job.failed, job
        assert seen.ids <= set(self.jobs)
        self._check_people(seen)
        assert [key for key in seen.endless if not key.startswith(FOREVER)] == []
        self.known = [job for job in self.jobs.values() if names.delivery(job.id) in seen.keys]

    def _check_people(self, seen: Seen) -> None:
        """Each has the jobs that they wait for."""
        for person in PEOPLE:
            own = [job for job in self.jobs.values() if job.person == person]
            assert {job.id for job in own if job.is_expected and not job.late} <= seen.waited_for[person]
            assert seen.waited_for[person] <= {job.id for job in own if job.is_expected or job.silent or job.late}

    # --- Looking -----------------------------------------------------------------------------------------------------

    def _job(self, taken: Taken) -> Job:
        return self.jobs[taken.job_id.decode()]

    def _jobs_at(self, worker: str) -> list[Job]:
        return [job for job in self.jobs.values() if job.place == worker]

    @staticmethod
    def _believing(some: Mapping[str, Worker] | Mapping[str, Bot]) -> list[str]:
        """The names of those that believe to have something in hand."""
        return [name for name, each in some.items() if each.believes]

    def _mistaken(self) -> list[str]:
        """The names of the workers that believe to have a job which they have not."""
        return [name for name, worker in self.workers.items() if any(self.jobs[job_id].place != name for job_id in worker.believes)]

    def _answered(self) -> list[Job]:
        """Those whose answers wait for a bot."""
        return [job for job in self.jobs.values() if job.answer and not job.place and not job.late]

    def _look(self) -> Seen:
        return look(self.redis, platform=PLATFORM, workers=WORKERS, people=PEOPLE)


@pytest.fixture
def durable(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path, durable=True) as server:
        yield server


def test_a_job_is_in_one_place_and_answered_once_through_any_course_of_events(
    durable: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.queue.replies.ABANDONED_AFTER_S", 0)
    monkeypatch.setattr(LifeOfJobs, "server", durable, raising=False)
    run_state_machine_as_test(
        LifeOfJobs,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink) if SHRINKS else (Phase.generate,),
        ),
    )

"""The worker: takes waiting jobs of one kind together, has them computed as one batch, and sees to each one's answer.

It keeps RQ's books (workers, started and failed jobs), but runs no function, callback or webhook that a job names, and none of
RQ's own maintenance, which may.
"""

from __future__ import annotations

import logging
import random
import re
import signal
import socket
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker, worker_registration
from rq.utils import now

from engine.contract import Task, task_of
from workers import failures
from workers.answer_cache import AnswerCache
from workers.between import Between
from workers.books import Books
from workers.carried import Carried, Computed, Ended, read
from workers.computing import Answering, compute, ended
from workers.drawing import Drawings
from workers.liveness import TTL_S, Heart, dead_takers, place
from workers.patience import Patience
from workers.queue import names
from workers.queue.job import SERIALIZER, EngineJob
from workers.queue.replies import ReplyWriter
from workers.queue.settings import QueueSettings
from workers.taking import MOST_CRASHES, Taken, Taker
from workers.watching import watching

log = logging.getLogger("yomite.worker")

GATHER_S = 0.005  # how long to wait for more of a kind where several have come already
LONG_SHARE = 8  # a batch takes so many times fewer of long texts: a few of them fill a forward pass
WAIT_S = 0.5  # for the bell, at a time
RECOVER_S = 3.0  # how often to look for jobs of dead workers
TIDY_S = 60.0
IMPATIENT_S = 1.0  # a second Ctrl-C this soon after the first is the same one, sent twice


class BatchingWorker(SimpleWorker):
    """Listens to the project's queues, short jobs before long ones. Works in the main thread, because of its timeouts."""

    def __init__(
        self,
        connection: Redis,
        engine: Answering,
        *,
        batch: int,
        name: str | None = None,
        settings: QueueSettings | None = None,
        idle_work: Iterable[Callable[[], None]] = (),
        on_beat: Callable[[], None] = lambda: None,
        on_quiet: Callable[[], None] = lambda: None,
    ) -> None:
        """`name` is made unique. `idle_work` is done piece by piece while no job waits; `on_beat` is called every few seconds,
        `on_quiet` once when nothing has come for a moment after some work.

        The connection must not repeat commands by itself: what a repeated one had taken would be left lying.
        """
        settings = settings or QueueSettings()
        unique = f"{re.sub(r'[^A-Za-z0-9_.-]', '-', name or socket.gethostname())}-{random.getrandbits(32):08x}"
        super().__init__(
            list(names.QUEUES), name=unique, connection=connection, job_class=EngineJob, serializer=SERIALIZER, worker_ttl=TTL_S
        )
        self._engine = engine
        self._most = {names.SHORT: batch, names.LONG: max(1, batch // LONG_SHARE)}
        self._idle_work = iter(idle_work)
        self._on_beat = on_beat
        self._on_quiet, self._quiet = on_quiet, True
        self._taker = Taker(connection, unique)
        self._replies = ReplyWriter(connection, settings)
        self._cache = AnswerCache(connection, ttl_s=settings.cache_ttl_s)
        self._books = Books(
            connection,
            worker=unique,
            worker_key=self.key,
            replies=self._replies,
            cache=self._cache,
            failure_ttl_s=settings.answer_ttl_s,
        )
        self._patience = Patience(lambda: self._asked_to_stop)
        self._drawings = Drawings(lambda how: self._books.finish([how]), insist=self._patience.insist, on_trouble=self._unsettle)
        self._drawn: set[Task] = set()  # what has pictures
        self._between = Between(self._answer_short, on_trouble=self._unsettle)
        self._place = place()
        self._next_recovery = self._next_tidying = 0.0
        self._asked_to_stop = 0.0
        self._unsettled = False  # whether something may be taken that nobody computes

    # --- The loop --------------------------------------------------------------------------------------------------

    def work(self, burst: bool = False, *_: Any, **__: Any) -> bool:
        """Work until SIGTERM or SIGINT, or with `burst` until nothing waits; returns whether there was any job.

        What is being computed or drawn is finished first. A second Ctrl-C does not wait for that: the jobs go back to the queue.
        """
        previous = {number: signal.signal(number, self.request_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        heart = Heart(self._tend)
        worked = False
        try:
            self._patience.insist(self.register_birth)
            heart.start()
            while not self._stop_requested:
                found = self._turn()
                worked = worked or found
                drawing = len(self._drawings) > 0  # looked at first: what goes wrong with one unsettles before it is gone
                if found or self._unsettled:
                    continue
                if burst and not drawing:
                    break
                self._idle()
            self._drawings.wait()
        finally:
            heart.stop()
            self._say_goodbye()
            for number, handler in previous.items():
                signal.signal(number, handler)
        return worked

    def request_stop(self, signum: int = signal.SIGTERM, frame: FrameType | None = None) -> None:
        """Stop when what is being computed is finished; at a second Ctrl-C, at once.

        Raises:
            SystemExit: the second time.
        """
        if not self._stop_requested:
            self._stop_requested, self._asked_to_stop = True, time.monotonic()
        elif signum == signal.SIGINT and time.monotonic() - self._asked_to_stop > IMPATIENT_S:
            raise SystemExit(1)

    def _turn(self) -> bool:
        """One round: jobs of dead workers are put back, then waiting jobs are answered. Whether there were any."""
        try:
            self._settle()
            self._look_after_others()
            taken = self._take()
            if taken:
                self._quiet = False
                self.execute_batch(taken)
                self._between.over()
            self._patience.over()
            return bool(taken)
        except RedisError as error:
            self._unsettle()
            self._patience.pause(error)
        except Exception as error:  # noqa: BLE001  # a job that breaks the worker itself must not stop it, nor come again for ever
            log.error("unexpected %s in the worker\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            self._drawings.wait()  # what is being drawn is not to blame
            self._patience.insist(lambda: self._give_up(self._taker.take_over(self.name)))
        return False

    def _idle(self) -> None:
        """Something that can wait, else wait for a job."""
        piece = next(self._idle_work, None)
        if piece is not None:
            piece()
            return
        try:
            heard = self.connection.blpop([names.BELL], timeout=WAIT_S)
            if not heard and not self._quiet and not len(self._drawings):
                self._quiet = True
                self._on_quiet()
        except RedisError as error:
            self._unsettle()
            self._patience.pause(error)

    def _unsettle(self) -> None:
        self._unsettled = True

    def _settle(self) -> None:
        """After trouble with Redis: what was taken goes back, also what is being drawn, of which nothing is written then."""
        if self._unsettled:
            self.beat()  # else others would take a worker that an emptied Redis does not know for a dead one
            self._drawings.forget()
            self._taker.give_back()
            self._books.forget_running()
            self._unsettled = False

    # --- Jobs ------------------------------------------------------------------------------------------------------

    def _answer_short(self) -> None:
        """A batch of the short queue, while a long computation stands still.

        Not jobs that ended a worker before: a long job must not be taken for the cause.
        """
        if self._stop_requested or not self.connection.llen(self.queues[0].key):
            return
        if taken := self._take_by_kind(names.SHORT):
            self.execute_batch(taken)

    def _take(self) -> list[Taken]:
        taken = self._take_undrawn() if self._drawings.full else self._taker.take(self._most)
        if len(taken) < 2 or not taken[0].kind:
            return taken
        room = self._most[taken[0].queue] - len(taken)
        if room <= 0:
            return taken
        # Several came at once: others may be on their way. One that comes alone is not kept waiting.
        time.sleep(GATHER_S)
        return taken + self._taker.take({taken[0].queue: room}, kind=taken[0].kind)

    def _take_undrawn(self) -> list[Taken]:
        """Jobs of a kind that has no pictures."""
        for queue in self._most:
            if taken := self._take_by_kind(queue):
                return taken
        return []

    def _take_by_kind(self, queue: str) -> list[Taken]:
        """Jobs that say of which kind they are; none that has pictures while enough wait to be drawn."""
        for kind in Task:
            waits = self._drawings.full and kind in self._drawn
            if not waits and (taken := self._taker.take({queue: self._most[queue]}, kind=kind)):
                return taken
        return []

    def execute_batch(self, taken: Sequence[Taken]) -> None:
        """Answer jobs that were taken together. They are of one kind, unless one lies about it."""
        found = [read(each) for each in taken]
        self._finish([each for each in found if isinstance(each, Ended)])
        jobs = sorted((each for each in found if isinstance(each, Carried)), key=lambda job: task_of(job.request))
        for _, alike in groupby(jobs, key=lambda job: task_of(job.request)):
            self._answer(list(alike))

    def _answer(self, jobs: Sequence[Carried]) -> None:
        gone = self._books.start(jobs)
        self._finish([Ended(taken=job.taken) for job, is_gone in zip(jobs, gone, strict=True) if is_gone])
        jobs = [job for job, is_gone in zip(jobs, gone, strict=True) if not is_gone]
        digests = {job.job_id: self._digest(job) for job in jobs}
        known = dict(zip(digests, self._cache.look_up(list(digests.values())), strict=True))
        self._finish([ended(job, outcome) for job in jobs if (outcome := known[job.job_id])])
        wanted = [job for job in jobs if known[job.job_id] is None]
        if not wanted:
            return
        for some in compute(wanted, self._engine, watching(self.connection, self._replies), urgent=self._urgent(wanted)):
            self._finish([replace(each, digest=digests[each.taken.job_id.decode()]) for each in some if isinstance(each, Ended)])
            for each in some:
                if isinstance(each, Computed):
                    self._draw(replace(each, digest=digests[each.job.job_id]))

    def _urgent(self, jobs: Sequence[Carried]) -> Between | None:
        """What may be done in the middle of these jobs; nothing where one of them ended a worker before."""
        long = all(job.taken.queue == names.LONG and not job.crashed for job in jobs)
        return self._between if long else None

    def _draw(self, computed: Computed) -> None:
        """Leave a job to the threads that draw."""
        self._drawn.add(task_of(computed.job.request))
        self._drawings.submit(computed)
        if computed.job.crashed:
            self._drawings.wait()  # another job that ends this worker must not be counted against it

    def _digest(self, job: Carried) -> str:
        if not self._cache.keeps:
            return ""
        try:
            model = self._engine.model_of(job.request)
        except Exception:  # noqa: BLE001  # computing it will meet the same error, and blame the job for it
            return ""
        return self._cache.digest(job.request, model=model, tensors=job.tensors)

    def _finish(self, some: Sequence[Ended]) -> None:
        if some:
            self._patience.insist(lambda: self._books.finish(some))

    # --- Crashes ---------------------------------------------------------------------------------------------------

    def _look_after_others(self) -> None:
        if time.monotonic() >= self._next_recovery:
            self._next_recovery = time.monotonic() + RECOVER_S * random.uniform(0.8, 1.2)
            for worker in dead_takers(self.connection, but=self.name):
                log.warning("worker %s is gone; its jobs are run again", worker)
                self._give_up(self._taker.take_over(worker))
        if time.monotonic() >= self._next_tidying:
            self._next_tidying = time.monotonic() + TIDY_S
            self._books.tidy()
            for queue in self.queues:
                worker_registration.clean_worker_registry(queue)

    def _give_up(self, taken: Sequence[Taken]) -> None:
        """Set aside jobs that workers died of; their people are told."""
        for each in taken:
            log.error("job %s is set aside: workers ended while they computed it", each.job_id.decode("utf-8", "replace"))
            job = read(each)
            platform = job.platform
            outcome = failures.worker_died() if isinstance(job, Carried) else job.outcome
            blame = f"worker_died: {MOST_CRASHES} workers ended while they computed it"
            self._books.finish([Ended(taken=each, platform=platform, outcome=outcome, blame=blame)])

    # --- Being known -----------------------------------------------------------------------------------------------

    def serialize(self) -> dict[Any, Any]:
        """What others may know of this worker."""
        return {**super().serialize(), "place": self._place}

    def register_birth(self) -> None:
        """Make this worker known."""
        super().register_birth()  # type: ignore[no-untyped-call]  # rq leaves it untyped
        self.beat()

    def beat(self) -> None:
        """Say that this worker is alive, and what it computes; all of it anew, for Redis may have come back empty."""
        self.last_heartbeat = now()
        with self.connection.pipeline(transaction=False) as pipe:
            pipe.hset(self.key, mapping=self.serialize())
            pipe.expire(self.key, TTL_S)
            worker_registration.register(self, pipe)
            self._books.keep_running(pipe)
            pipe.execute()
        self._on_beat()

    def _tend(self) -> None:
        try:
            self.beat()
        finally:
            self._drawings.give_up_late()

    def _say_goodbye(self) -> None:
        self._drawings.close()
        try:
            self._taker.give_back()
            self.register_death()  # type: ignore[no-untyped-call]  # as above
        except RedisError as error:
            log.warning("Redis cannot be told that this worker leaves (%s); its jobs are found all the same", type(error).__name__)

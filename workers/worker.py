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
from workers.answer_cache import AnswerCache
from workers.between import Between
from workers.books import Books
from workers.carried import Carried, Computed, Ended, read
from workers.computing import Answering, compute, ended
from workers.drawing import Drawings
from workers.liveness import TTL_S, Heart, place
from workers.observing.health import OK, Beat, Check
from workers.observing.meter import NO_METER, Meter
from workers.patience import Patience
from workers.queue import names
from workers.queue.job import SERIALIZER, EngineJob
from workers.queue.replies import ReplyWriter
from workers.queue.settings import QueueSettings
from workers.recovering import Recovery
from workers.taking import MOST_CRASHES, Taken, Taker
from workers.telling import Telling
from workers.watchdog import MARGIN_S, Watchdog
from workers.watching import watching

log = logging.getLogger("yomite.worker")

GATHER_S = 0.005  # how long to wait for more of a kind where several have come already
LONG_SHARE = 8  # a batch takes so many times fewer of long texts: a few of them fill a forward pass
WAIT_S = 0.5  # for the bell, at a time
TIDY_S = 60.0
IDLE_WORK_S = 3_600.0  # for a piece of it: a model may have to be fetched first
LEAVING_TTL_S = 86_400  # of the mark that a worker was told to stop; it is gone when its jobs are put back
STILL_S = 60.0  # a heart that has not beaten for so long does so no more: it waits a while for a Redis that is slow
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
        idle_work: Iterable[Callable[[], object]] = (),
        on_beat: Callable[[], None] = lambda: None,
        on_quiet: Callable[[], None] = lambda: None,
        hung_after_s: float = MARGIN_S,
        meter: Meter = NO_METER,
    ) -> None:
        """`name` is made unique. `idle_work` is done piece by piece while no job waits; `on_beat` is called every few seconds,
        `on_quiet` once when nothing has come for a moment after some work. The process ends where a computation goes on `hung_after_s`
        seconds after its time is over. `meter` is told of the work.

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
        self._meter, self._telling = meter, Telling(unique, meter)
        self._replies = ReplyWriter(connection, settings)
        self._cache = AnswerCache(connection, ttl_s=settings.cache_ttl_s)
        self._books = Books(
            connection,
            worker=unique,
            worker_key=self.key,
            replies=self._replies,
            cache=self._cache,
            failure_ttl_s=settings.answer_ttl_s,
            telling=self._telling,
        )
        self._patience = Patience(lambda: self._asked_to_stop)
        self._drawings = Drawings(
            lambda how: self._books.finish([how]),
            insist=self._patience.insist,
            on_trouble=self._unsettle,
            on_drawn=self._telling.drawn,
        )
        self._drawn: set[Task] = set()  # what has pictures
        self._watchdog = Watchdog(margin_s=hung_after_s)
        self._between = Between(self._answer_short, on_trouble=self._unsettle, standing_still=self._watchdog.standing_still)
        self._recovery = Recovery(connection, worker=unique, taker=self._taker, books=self._books, on_trouble=self._unsettle, meter=meter)
        self._pulse = Beat(late_after_s=STILL_S)
        self._heart = Heart(self._pulse, self.beat, self._recovery.look, self._drawings.give_up_late)
        self._place = place()
        self._next_tidying = 0.0
        self._asked_to_stop = 0.0
        self._unsettled = False  # whether something may be taken that nobody computes

    # --- The loop --------------------------------------------------------------------------------------------------

    def work(self, burst: bool = False, *_: Any, **__: Any) -> bool:
        """Work until SIGTERM or SIGINT, or with `burst` until nothing waits; returns whether there was any job.

        What is being computed or drawn is finished first. A second Ctrl-C does not wait for that: the jobs go back to the queue.
        """
        previous = {number: signal.signal(number, self.request_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        worked = False
        try:
            self._patience.insist(self.register_birth)
            self._heart.start()
            self._watchdog.start()
            while not self._stop_requested:
                # Looked at first: what goes wrong with one unsettles before it is gone, and a turn leaves pictures alone while many are drawn.
                drawing = len(self._drawings) > 0
                found = self._turn()
                worked = worked or found
                if found or self._unsettled:
                    continue
                if burst and not drawing:
                    break
                self._idle()
            self._drawings.wait()
        finally:
            self._heart.stop()
            self._watchdog.stop()
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
            self._heart.soon()  # others should know, before somebody kills a worker that takes too long to leave
        elif signum == signal.SIGINT and time.monotonic() - self._asked_to_stop > IMPATIENT_S:
            raise SystemExit(1)

    def _turn(self) -> bool:
        """One round: jobs of dead workers are put back, then waiting jobs are answered. Whether there were any."""
        try:
            self._settle()
            self._recovery.look()
            self._tidy()
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
            self._patience.insist(lambda: self._recovery.set_aside(self._taker.take_over(self.name)))
        return False

    def _tidy(self) -> None:
        """Drop what is too old from RQ's registries, now and then."""
        if time.monotonic() >= self._next_tidying:
            self._next_tidying = time.monotonic() + TIDY_S
            self._books.tidy()
            for queue in self.queues:
                worker_registration.clean_worker_registry(queue)

    def _idle(self) -> None:
        """Something that can wait, else wait for a job."""
        piece = next(self._idle_work, None)
        if piece is not None:
            with self._watchdog.limit(IDLE_WORK_S):
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
            self._unsettled = False  # first: what goes wrong meanwhile unsettles anew
            self.beat()  # else others would take a worker that an emptied Redis does not know for a dead one
            self._drawings.forget()
            self._taker.give_back()
            self._books.forget_running()

    # --- Jobs ------------------------------------------------------------------------------------------------------

    def _answer_short(self) -> None:
        """A batch of the short queue, while a long computation stands still.

        Not jobs that ended a worker before: a long job must not be taken for the cause.
        """
        if self._stop_requested or not self.connection.llen(self.queues[0].key):
            return
        if taken := self._take_by_kind({names.SHORT: self._most[names.SHORT]}):
            self.execute_batch(taken)

    def _take(self) -> list[Taken]:
        taken = self._take_by_kind(self._most) if self._drawings.full else self._taker.take(self._most)
        if len(taken) < 2 or not taken[0].kind:
            return taken
        room = self._most[taken[0].queue] - len(taken)
        if room <= 0:
            return taken
        # Several came at once: others may be on their way. One that comes alone is not kept waiting.
        time.sleep(GATHER_S)
        return taken + self._taker.take({taken[0].queue: room}, kinds=[taken[0].kind])

    def _take_by_kind(self, most: dict[str, int]) -> list[Taken]:
        """Jobs that say of which kind they are; none that has pictures while enough wait to be drawn."""
        kinds = set(Task) - self._drawn if self._drawings.full else set(Task)
        return self._taker.take(most, kinds=sorted(kinds)) if kinds else []

    def execute_batch(self, taken: Sequence[Taken]) -> None:
        """Answer jobs that were taken together. They are of one kind, unless one lies about it."""
        # Those that were to be set aside when Redis went away: nobody computes them once more.
        self._patience.insist(lambda: self._recovery.set_aside([each for each in taken if each.crashes >= MOST_CRASHES]))
        found = [read(each) for each in taken if each.crashes < MOST_CRASHES]
        self._finish([each for each in found if isinstance(each, Ended)])
        jobs = sorted((each for each in found if isinstance(each, Carried)), key=lambda job: task_of(job.request))
        for _, alike in groupby(jobs, key=lambda job: task_of(job.request)):
            self._answer(list(alike))

    def _answer(self, jobs: Sequence[Carried]) -> None:
        began, gone = time.time(), self._books.start(jobs)
        self._finish([Ended(taken=job.taken) for job, is_gone in zip(jobs, gone, strict=True) if is_gone])
        jobs = [job for job, is_gone in zip(jobs, gone, strict=True) if not is_gone]
        digests = {job.job_id: self._digest(job) for job in jobs}
        known = dict(zip(digests, self._cache.look_up(list(digests.values())), strict=True))
        answers = [ended(job, outcome) for job in jobs if (outcome := known[job.job_id])]
        self._telling.known(jobs, answers, looked_up=self._cache.keeps)
        self._finish(answers)
        wanted = [job for job in jobs if known[job.job_id] is None]
        if not wanted:
            return
        watch, limit, since = watching(self.connection, self._replies), self._watchdog.limit, time.monotonic()
        for some in compute(wanted, self._engine, watch, urgent=self._urgent(wanted), limit=limit, meter=self._meter):
            self._telling.computed(some, began=began, seconds=time.monotonic() - since)
            since = time.monotonic()
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

    # --- Being looked at -------------------------------------------------------------------------------------------

    def health(self) -> dict[str, Check]:
        """What says whether it lives: its heart, and the watchdog over what it computes, however long that takes."""
        return {"heart": self._pulse.check, "watchdog": self._watchdog.check}

    def takes_jobs(self) -> str:
        """Whether it does, in the words of `workers.observing.health`."""
        if self._stop_requested:
            return "it is to stop"
        return OK if self._heart.beats else "it has not begun"

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
            if self._asked_to_stop:
                pipe.set(names.leaving(self.name), b"1", ex=LEAVING_TTL_S)
            pipe.execute()
        self._on_beat()

    def _say_goodbye(self) -> None:
        self._drawings.close()
        try:
            self._taker.give_back()
            self.register_death()  # type: ignore[no-untyped-call]  # as above
        except RedisError as error:
            log.warning("Redis cannot be told that this worker leaves (%s); its jobs are found all the same", type(error).__name__)

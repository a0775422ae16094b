"""Posts the answers of one platform: takes finished jobs from its stream, brings each to its person once, or says once that it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import redis.asyncio
from redis.exceptions import RedisError

from bot.apologies import FAULT, LOST, OTHER_VERSION, REFUSED, TOO_LATE
from bot.commands import COMMANDS
from bot.conversation import Understood, failure_reply, reply_to
from bot.faults import log_fault
from bot.feedback.answered import answered_of
from bot.feedback.taking import Feedback
from bot.observing.meter import NO_METER, BotMeter
from bot.observing.telling import PostTelling
from bot.owed import Owed
from bot.platforms.platform import Answer, Apology, CannotPost, Platform, TryLater
from engine.contract import ContractError, Message, request_from_json
from workers.queue.consumers import own_name
from workers.queue.replies import Entry, Finished, Progress, ReplyStream
from workers.queue.settings import QueueSettings

log = logging.getLogger("yomite.deliveries")

WAIT_S = 1.0  # for new answers, at a time
LOOK_BACK_S = 20.0  # how often to look for answers that another bot abandoned, and to keep our own
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
UNEXPECTED_TRIES = 5
POSTING = "posting"  # the mark of a job whose answer is being posted


class Deliveries:
    """One platform's answers on their way. For one event loop."""

    def __init__(
        self,
        platform: Platform,
        connection: redis.asyncio.Redis,
        *,
        posts_at_once: int = 8,
        feedback: Feedback | None = None,
        owed: Owed | None = None,
        keep_s: int = QueueSettings().answer_ttl_s,
        meter: BotMeter = NO_METER,
    ) -> None:
        """`owed`: the jobs that this process handed over. `keep_s`: how long it is kept that a job came too late."""
        self._platform = platform
        self._feedback = feedback
        self._owed = owed or Owed()
        self._keep_s = keep_s
        self._report = PostTelling(platform.name, meter)
        self._stream = ReplyStream(connection, platform=platform.name, consumer=own_name())
        self._in_hand: dict[str, asyncio.Task[None]] = {}
        self._telling: set[asyncio.Task[None]] = set()  # whose question was lost
        self._room = asyncio.Semaphore(posts_at_once)
        # A worker that died after its answer was written may leave a second entry for the same job.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self) -> None:
        """Post answers until cancelled; goes on by itself when Redis comes back."""
        progress = asyncio.create_task(self._again_and_again(self._show_progress))
        try:
            await self._again_and_again(self._take_answers)
        finally:
            entries = list(self._in_hand)
            await stop([progress, *self._in_hand.values(), *self._telling])
            with contextlib.suppress(RedisError):
                await self._stream.let_go(entries)

    async def _again_and_again(self, work: Any) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await work()
                pause_s = FIRST_PAUSE_S
            except RedisError as error:
                log.warning("Redis cannot be reached (%s); trying again in %g s", type(error).__name__, pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S / 6)

    async def _take_answers(self) -> None:
        await self._stream.open()
        loop = asyncio.get_running_loop()
        looked_back = loop.time() - LOOK_BACK_S
        while not _cancelled():
            if loop.time() - looked_back >= LOOK_BACK_S:
                await self._stream.hold(list(self._in_hand))
                self._start(await self._stream.unfinished())
                await self._stream.drop_overdue(keep_s=self._keep_s)
                await self._look_after_owed()
                looked_back = loop.time()
            self._start(await self._stream.new(wait_s=WAIT_S))
        raise asyncio.CancelledError

    def _start(self, entries: list[Entry]) -> None:
        for entry in entries:
            if entry.entry_id not in self._in_hand:
                task = asyncio.create_task(self._bring(entry))
                self._in_hand[entry.entry_id] = task
                task.add_done_callback(partial(self._put_down, entry.entry_id))

    def _put_down(self, entry_id: str, _: asyncio.Task[None]) -> None:
        self._in_hand.pop(entry_id, None)

    async def _look_after_owed(self) -> None:
        """Tell those whose question Redis has forgotten."""
        jobs = self._owed.jobs
        for job_id, standing in zip(jobs, await self._stream.standing(jobs) if jobs else [], strict=True):
            if standing == "waits":
                continue
            address = self._owed.drop(job_id)
            if standing == "gone" and address is not None:
                log.warning("job %s is gone from Redis; its person is told", job_id)
                task = asyncio.create_task(self._tell_lost(job_id, address))
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)

    async def _tell_lost(self, job_id: str, address: dict[str, Any]) -> None:
        if await self._insist(job_id, lambda _: self._platform.apologise(apology_of(job_id, address, {}, LOST))) is None:
            self._report.apologised(job_id)

    async def _bring(self, entry: Entry) -> None:
        """Post one answer, however long the platform takes, then forget its job."""
        lock = self._locks.setdefault(entry.job_id, asyncio.Lock())
        async with lock:
            person = await self._bring_once(entry)
            pause_s = FIRST_PAUSE_S
            while True:
                try:
                    await self._stream.finish(entry, person=person)
                    self._owed.drop(entry.job_id)
                    return
                except RedisError:  # posted already: it must not be posted again only because Redis is away
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _bring_once(self, entry: Entry) -> str:
        """Post the answer, or say that there is none. Returns the person whose job it was."""
        person, why, tries = "", None, 0

        async def post(again: bool) -> None:
            nonlocal person, why, tries
            tries, loaded_at = tries + 1, time.time()
            finished = await self._stream.load(entry.job_id)
            if finished == "late":
                why = TOO_LATE
            elif finished is not None and finished.record.get("command"):
                person = str(finished.record.get("person", ""))
                if self._owed.is_refused(entry.job_id):
                    log.info("job %s was handed over all the same, though its person was told that it was not", entry.job_id)
                    return
                why = await self._post(entry, finished, again=again or entry.again)
                if why is None:
                    self._report.posted(entry.job_id, finished.record, tries=tries, loaded_at=loaded_at)

        async def apologise(_: bool) -> None:
            nonlocal person
            address = await self._stream.address(entry.job_id)
            person = str(address.get("person", person))
            if not address:
                raise CannotPost("it is not known any more whom to tell")
            marks = await self._stream.marks(entry.job_id)
            await self._platform.apologise(apology_of(entry.job_id, address, marks, why or FAULT))

        why = await self._insist(entry.job_id, post) or why
        if why is not None:
            self._report.failed(entry.job_id)
            if await self._insist(entry.job_id, apologise) is None:
                self._report.apologised(entry.job_id)
        return person

    async def _post(self, entry: Entry, finished: Finished, *, again: bool) -> Message | None:
        """Post an answer; returns what is to be told where there can be none."""
        try:
            # In a thread: of a very long text there is so much to say that other people's acknowledgements would wait for it.
            answer = replace(await asyncio.to_thread(answer_of, entry.job_id, finished), again=again)
        except UnknownRecord as error:
            log.warning("job %s: %s", entry.job_id, error)
            return OTHER_VERSION
        await self._stream.mark(entry.job_id, POSTING, "")
        await self._platform.post(replace(answer, thumbs=await self._keeps(answer, finished)))
        return None

    async def _insist(self, job_id: str, say: Callable[[bool], Awaitable[None]]) -> Message | None:
        """Do it, again and again where it cannot be done now; returns what the person is to be told where it never can.

        `say` is told whether it was tried before.
        """
        pause_s, unexpected, again = FIRST_PAUSE_S, 0, False
        while True:
            try:
                # Not held while an answer waits to be tried again: one person who is away must not keep the others waiting.
                async with self._room:
                    await say(again)
                    return None
            except CannotPost as error:
                log.warning("job %s cannot be posted on %s: %s", job_id, self._platform.name, error)
                return error.told or REFUSED
            except TryLater as later:
                wait_s = max(later.after_s, pause_s)
            except RedisError:
                wait_s = pause_s
            except Exception as error:  # noqa: BLE001  # a fault of ours must not stop the other answers
                unexpected += 1
                log_fault(log, f"posting the answer of job {job_id} on {self._platform.name}", error)
                if unexpected >= UNEXPECTED_TRIES:
                    return FAULT
                wait_s = pause_s
            again = True
            self._report.retried()
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _keeps(self, answer: Answer, finished: Finished) -> bool:
        """Whether it is kept what the answer is about, so that people can say what they think of it."""
        answered = answered_of(self._platform.name, answer.request, finished.outcome) if self._feedback else None
        if self._feedback is None or answered is None:
            return False
        await self._feedback.keep(answer.job_id, answered, person=str(finished.record.get("person", "")))
        return True

    async def _show_progress(self) -> None:
        async for progress in self._stream.progress():
            try:
                await self._show(progress)
            except (TryLater, CannotPost):
                pass  # the answer comes all the same
            except RedisError:
                raise
            except Exception as error:  # noqa: BLE001  # one job's trouble must not end the progress of all others
                log_fault(log, f"showing the progress of job {progress.job_id} on {self._platform.name}", error)

    async def _show(self, progress: Progress) -> None:
        record = await self._stream.record(progress.job_id)
        # Any bot may be posting the answer, over which nothing else may come.
        if record and POSTING not in await self._stream.marks(progress.job_id):
            await self._platform.show_progress(progress.job_id, progress.share, delivery=record["delivery"], speech=record["speech"])


def _cancelled() -> bool:
    """Whether this task was cancelled: before Python 3.12 `wait_for`, which Redis' client writes with, can swallow that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks until they end; see `_cancelled` for why once is not enough."""
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=WAIT_S)


class UnknownRecord(Exception):
    """What was recorded with a job is of another version; the message says what of it, without any text of the person."""


def answer_of(job_id: str, finished: Finished) -> Answer:
    """What the platform must post, from what the desk recorded and the workers found.

    Raises:
        UnknownRecord: the desk recorded something else.
    """
    record = finished.record
    try:
        command = next(command for command in COMMANDS if command.name == record["command"])
        request = request_from_json(record["request"])
        speech, delivery, extras, notes = (record[name] for name in ("speech", "delivery", "extras", "notes"))
    except StopIteration as error:
        raise UnknownRecord("its command is not known here") from error
    except KeyError as error:
        raise UnknownRecord(f"its record has no {error}") from error
    except ContractError as error:
        raise UnknownRecord("its request cannot be read here") from error
    reply = reply_to(Understood(command=command, request=request, extras=extras), finished.outcome, speech)
    return Answer(
        job_id=job_id,
        command=command,
        request=request,
        reply=replace(reply, notes=(*notes, *reply.notes)),
        speech=speech,
        delivery=delivery,
        extras=extras,
        marks=finished.marks,
    )


def apology_of(job_id: str, address: dict[str, Any], marks: dict[str, str], why: Message) -> Apology:
    """What the person is told instead of their answer."""
    speech = address["speech"]
    return Apology(job_id=job_id, reply=failure_reply(why, speech), speech=speech, delivery=address["delivery"], marks=marks)

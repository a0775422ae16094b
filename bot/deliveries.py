"""Posts the answers of one platform: takes finished jobs from its stream, brings each to its person once, and forgets it then."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import redis.asyncio
from redis.exceptions import RedisError

from bot.commands import COMMANDS
from bot.conversation import Understood, reply_to
from bot.faults import log_fault
from bot.feedback.answered import answered_of
from bot.feedback.taking import Feedback
from bot.platforms.platform import Answer, CannotPost, Platform, TryLater
from engine.contract import request_from_json
from workers.queue.replies import Entry, Finished, ReplyStream

log = logging.getLogger("yomite.deliveries")

WAIT_S = 1.0  # for new answers, at a time
LOOK_BACK_S = 20.0  # how often to look for answers that another bot abandoned, and to keep our own
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
UNEXPECTED_TRIES = 5


class Deliveries:
    """One platform's answers on their way. For one event loop."""

    def __init__(
        self, platform: Platform, connection: redis.asyncio.Redis, *, posts_at_once: int = 8, feedback: Feedback | None = None
    ) -> None:
        self._platform = platform
        self._feedback = feedback
        # The same name after a restart, so that what this bot left is taken up again at once.
        self._stream = ReplyStream(connection, platform=platform.name, consumer=f"bot-{socket.gethostname()}")
        self._in_hand: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(posts_at_once)
        # A worker that died after its answer was written may leave a second entry for the same job.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self) -> None:
        """Post answers until cancelled; goes on by itself when Redis comes back."""
        progress = asyncio.create_task(self._again_and_again(self._show_progress))
        try:
            await self._again_and_again(self._take_answers)
        finally:
            await _stop([progress, *self._in_hand.values()])

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
        looked_back = -LOOK_BACK_S
        while not _cancelled():
            if loop.time() - looked_back >= LOOK_BACK_S:
                await self._stream.hold(list(self._in_hand))
                self._start(await self._stream.unfinished())
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

    async def _bring(self, entry: Entry) -> None:
        """Post one answer, however long the platform takes, then forget its job."""
        lock = self._locks.setdefault(entry.job_id, asyncio.Lock())
        async with lock:
            person = await self._post(entry)
            pause_s = FIRST_PAUSE_S
            while True:
                try:
                    return await self._stream.finish(entry, person=person)
                except RedisError:  # posted already: it must not be posted again only because Redis is away
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _post(self, entry: Entry) -> str:
        """Returns the person whose job it was."""
        pause_s, unexpected, again, person = FIRST_PAUSE_S, 0, entry.again, ""
        while True:
            try:
                # Not held while an answer waits to be tried again: one person who is away must not keep the others waiting.
                async with self._room:
                    finished = await self._stream.load(entry.job_id)
                    person = str(finished.record.get("person", "")) if finished else person
                    if finished is None or not finished.record.get("command"):
                        return person
                    answer = replace(answer_of(entry.job_id, finished), again=again)
                    await self._platform.post(replace(answer, thumbs=await self._keeps(answer, finished)))
                    return person
            except CannotPost as error:
                log.warning("job %s cannot be posted on %s: %s", entry.job_id, self._platform.name, error)
                return person
            except TryLater as later:
                wait_s = max(later.after_s, pause_s)
            except RedisError:
                wait_s = pause_s
            except Exception as error:  # noqa: BLE001  # a fault of ours must not stop the other answers
                unexpected += 1
                log_fault(log, f"posting the answer of job {entry.job_id} on {self._platform.name}", error)
                if unexpected >= UNEXPECTED_TRIES:
                    return person
                wait_s = pause_s
            again = True
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _keeps(self, answer: Answer, finished: Finished) -> bool:
        """Whether it is kept what the answer is about, so that people can say what they think of it."""
        answered = answered_of(self._platform.name, answer.request, finished.outcome) if self._feedback else None
        if self._feedback is None or answered is None:
            return False
        await self._feedback.keep(answer.job_id, answered)
        return True

    async def _show_progress(self) -> None:
        async for progress in self._stream.progress():
            record = await self._stream.record(progress.job_id)
            if record:
                with contextlib.suppress(TryLater, CannotPost):
                    await self._platform.show_progress(
                        progress.job_id, progress.share, delivery=record["delivery"], speech=record["speech"]
                    )


def _cancelled() -> bool:
    """Whether this task was cancelled: before Python 3.12 `wait_for`, which Redis' client writes with, can swallow that."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks until they end; see `_cancelled` for why once is not enough."""
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=WAIT_S)


def answer_of(job_id: str, finished: Finished) -> Answer:
    """What the platform must post, from what the desk recorded and the workers found."""
    record = finished.record
    command = next(command for command in COMMANDS if command.name == record["command"])
    request = request_from_json(record["request"])
    understood = Understood(command=command, request=request, extras=record["extras"])
    reply = reply_to(understood, finished.outcome, record["speech"])
    return Answer(
        job_id=job_id,
        command=command,
        request=request,
        reply=replace(reply, notes=(*record["notes"], *reply.notes)),
        speech=record["speech"],
        delivery=record["delivery"],
        extras=record["extras"],
        marks=finished.marks,
    )

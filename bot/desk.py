"""The desk: what happens to a chat message, on every platform: it is read and handed over; `deliveries` posts its answer."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import redis.asyncio
from redis.exceptions import RedisError

from bot.apologies import GIVEN_UP
from bot.conversation import LocalRequest, failure_reply
from bot.deliveries import Deliveries, stop
from bot.errors import BotError, PlatformError
from bot.faults import log_fault
from bot.feedback.answered import Answered
from bot.feedback.errors import cannot_look, is_off
from bot.feedback.press import Opinion, Press
from bot.feedback.taking import Feedback
from bot.guard.asking import Asking
from bot.guard.errors import NotAllowed, QueueFull, Refused
from bot.guard.guard import Guard
from bot.guard.room import Room
from bot.language import Speech, speech_of_locale
from bot.observing.connections import Connections
from bot.observing.observed import Observed
from bot.observing.telling import HANDED_OVER_AT, TAKEN_AT, WHY_GIVEN_UP, DeskTelling
from bot.only_one import OnlyOne
from bot.owed import Owed
from bot.platforms.platform import Answer, CannotPost, Incoming, IncomingFile, Platform, TryLater
from bot.reading import Reader, Reading
from bot.reply import Reply
from engine.contract import Message, Request, to_json
from workers.queue.async_door import AsyncDoor
from workers.queue.connections import is_away
from workers.queue.door import JobQueue
from workers.queue.handover import NoRoom
from workers.queue.intake import Intake, Left
from workers.queue.replies import ReplyStream

__all__ = ["Answer", "CannotPost", "Desk", "DeskSettings", "Incoming", "IncomingFile", "Platform", "Reading", "TryLater"]

log = logging.getLogger("yomite.desk")

MOST_READINGS = 2  # an event that was being read when so many bots ended is given up
LOOK_AGAIN_S = 1.0  # how soon, at an event that somebody else reads
TAKE_UP_S = 10.0  # how often to look for what bots left
TAKE_IN_S = 1.0  # of the 3 s that platforms wait for an acknowledgement

FIRST_PAUSE_S = 0.1  # before Redis is tried again

Found = TypeVar("Found")
TakenIn = asyncio.Task[bool]  # whether an event is ours to read, as far as that is known yet


@dataclass(frozen=True, kw_only=True)
class DeskSettings:
    """What the desk must be told. `lang` speaks one language to everybody; None follows the person."""

    lang: Speech | None = None
    max_characters: int = 200_000  # of all the text of one command
    posts_at_once: int = 8  # on one platform
    patience_s: float = 8.0  # with a Redis that is away, before the person is told: one that starts again takes a moment


class Desk:
    """Between the platforms and the queue. For one event loop; the calls to Redis that block are made in threads."""

    def __init__(
        self,
        queue: JobQueue,
        connection: redis.asyncio.Redis,
        settings: DeskSettings | None = None,
        *,
        feedback: Feedback | None = None,
        guard: Guard | None = None,
        observed: Observed | None = None,
    ) -> None:
        """Without a `guard`, everybody may ask as much as they like. What is `observed` hears of what happens here."""
        self._queue = queue
        self._door = AsyncDoor(connection, queue.settings)
        self._redis = connection
        self._settings = settings or DeskSettings()
        self._feedback = feedback
        self._guard = guard
        self._room = guard.room if guard is not None else Room(connection, most_waiting=0)
        self._intake = Intake(connection, keep_s=queue.settings.answer_ttl_s)
        self._owed_on: dict[str, Owed] = {}
        self._reader = Reader(queue, guard, lang=self._settings.lang, max_characters=self._settings.max_characters)
        self._observed = observed or Observed()
        self._telling = DeskTelling(self._observed.meter)

    @property
    def connections(self) -> Connections:
        """Where a platform says whether it is connected."""
        return self._observed.connections

    @property
    def takes_feedback(self) -> bool:
        """Whether people are asked what they think of answers."""
        return self._feedback is not None

    async def take_in(self, incoming: Incoming) -> TakenIn:
        """Write an event down before its platform is told that it has arrived: a bot that ends right then leaves it to the next one.

        `read` must be given what comes back, in any case. Where Redis is away or slow, that is when it is known.
        """
        taking = asyncio.create_task(self._take(incoming, wait=False))
        await asyncio.wait([taking], timeout=TAKE_IN_S)
        return taking

    async def read(self, incoming: Incoming, *, wait: bool = False, taken: TakenIn | None = None) -> Reading | Reply | None:
        """Understand what was said: a Reading to submit, or a Reply to show at once; None for an event that was taken before, or whose
        person was refused, and told so, too often.

        The event is this bot's until it is submitted, settled or released, or the bot ends. What somebody else reads counts as taken;
        with `wait` it is waited for: it is read here if they do not come to its end. `taken`: what `take_in` gave.
        """
        speech, job_id = self.speech_for(incoming), job_id_of(incoming)
        try:
            if not await (taken or self._take(incoming, wait=wait)):
                return None
            self._telling.taken(job_id, incoming, speech)
            if incoming.tried >= MOST_READINGS:
                self._telling.refused(job_id, incoming, WHY_GIVEN_UP)
                return failure_reply(GIVEN_UP, speech)
            found = await self._reader.read(incoming)
        except BotError as error:
            self._telling.refused(job_id, incoming, error)
            if isinstance(error, Refused) and not await self._tells(incoming):
                log.info("a refusal on %s is not told: its person was told so often enough", incoming.platform)
                await self.settle(incoming)
                return None
            return failure_reply(error.message, speech, only_asker=isinstance(error, Refused))
        except RedisError as error:
            log.warning("Redis cannot be reached")
            self._telling.refused(job_id, incoming, error)
            return failure_reply(_NO_QUEUE, speech)
        except asyncio.CancelledError:
            await self.release(incoming)
            raise
        if isinstance(found, Reply):
            self._telling.answered(job_id, incoming)
        return found

    async def settle(self, incoming: Incoming) -> None:
        """The person has the Reply to an event that needs no job: it is not taken again."""
        await self._intake.settle(incoming.platform, incoming.event_id)

    async def release(self, incoming: Incoming) -> None:
        """An event is not read any more, and may be taken again."""
        await self._intake.release(incoming.platform, incoming.event_id)

    async def submit(self, reading: Reading, delivery: dict[str, Any]) -> str:
        """Hand a Reading over to the workers; returns the id of its job. `delivery` comes back in the Answer.

        Raises:
            PlatformError: the queue cannot be reached; its message is for the person.
            QueueFull: so much waits already that it is not taken; likewise.
        """
        incoming, understood = reading.incoming, reading.understood
        request = understood.request
        if isinstance(request, LocalRequest):
            raise TypeError(f"{understood.command.name} is answered at the desk")
        record = {
            "command": understood.command.name,
            "request": to_json(request),
            "extras": understood.extras,
            "speech": reading.speech,
            "platform": incoming.platform,
            "person": incoming.person,
            "notes": reading.notes,
            "delivery": delivery,
            TAKEN_AT: reading.taken_at,
            HANDED_OVER_AT: time.time(),
        }
        address = {name: record[name] for name in ("speech", "platform", "person", "delivery")}
        try:
            # The same job however often it is handed over: what Redis took, though its response got lost, is not taken twice.
            job_id = await self._patiently(lambda: self._hand_over(incoming, request, record=record, address=address))
        except QueueFull as error:
            self._telling.refused(job_id_of(incoming), incoming, error)
            raise
        except RedisError as error:
            self._telling.refused(job_id_of(incoming), incoming, error)
            self._owed(incoming.platform).refuse(job_id_of(incoming))
            raise PlatformError(ja=_NO_QUEUE.ja, en=_NO_QUEUE.en) from error
        self._intake.handed_over(incoming.platform, incoming.event_id)
        self._owed(incoming.platform).add(job_id, address)
        self._telling.handed_over(job_id, incoming, request, record)
        return job_id

    async def _hand_over(self, incoming: Incoming, request: Request, *, record: dict[str, Any], address: dict[str, Any]) -> str:
        try:
            return await self._door.submit(
                request,
                platform=incoming.platform,
                person=incoming.person,
                record=record,
                address=address,
                job_id=job_id_of(incoming),
                event_id=incoming.event_id,
                most_waiting=self._room.most_waiting,
            )
        except NoRoom as error:
            raise await self._room.refusal(error.waiting) from error

    async def mark(self, job_id: str, name: str, value: str) -> None:
        """Keep something about a job that is being posted; it is in `Answer.marks` where the answer must be tried again."""
        await ReplyStream(self._redis, platform="").mark(job_id, name, value)

    async def cancel(self, job_id: str) -> None:
        """Nobody waits for this job any more."""
        for owed in self._owed_on.values():
            owed.drop(job_id)
        await asyncio.to_thread(self._queue.cancel, job_id)

    async def deliver(self, platform: Platform, *, again: Callable[[Left], None] | None = None) -> None:
        """Post the answers of one platform as they come, until cancelled. `again` is given what bots were reading when they ended."""
        deliveries = Deliveries(
            platform,
            self._redis,
            posts_at_once=self._settings.posts_at_once,
            feedback=self._feedback,
            owed=self._owed(platform.name),
            keep_s=self._queue.settings.answer_ttl_s,
            meter=self._observed.meter,
        )
        taking_up = asyncio.create_task(self._take_up(platform.name, again)) if again else None
        try:
            await deliveries.run()
        finally:
            if taking_up is not None:
                await stop([taking_up])

    def only_one(self, platform: str) -> OnlyOne:
        """Holds, while it is entered, the place of the one process that serves a platform."""
        return OnlyOne(self._redis, platform=platform)

    async def press(self, press: Press) -> Opinion:
        """Take what a person says of an answer; returns what they think of it now.

        Raises:
            FeedbackError: it cannot be taken; its message is for the person.
            Refused: the person may not press here, or not so often; likewise.
        """
        if self._feedback is None:
            raise is_off()
        if self._guard is not None:
            try:
                await self._guard.admit(press)
            except Refused as error:
                self._telling.limited(press.platform, error)
                raise
            except RedisError as error:
                raise cannot_look() from error
        return await self._feedback.take(press)

    async def answered(self, press: Press) -> Answered:
        """What a press is about; nothing is kept of it.

        Raises:
            FeedbackError: that is not known, or not any more; its message is for the person.
            NotAllowed: the person may not press here; likewise.
        """
        self.check_access(press)
        if self._feedback is None:
            raise is_off()
        return await self._feedback.find(press)

    def check_access(self, asking: Asking) -> None:
        """Whether somebody may ask or press at all; needs no Redis, so that it fits before an acknowledgement.

        Raises:
            NotAllowed: they may not; the message is for them alone.
        """
        if self._guard is not None:
            self._guard.check_access(asking)

    def lets_in(self, asking: Asking) -> bool:
        """Whether somebody may ask or press at all, as `check_access`."""
        try:
            self.check_access(asking)
        except NotAllowed:
            return False
        return True

    def speech_of_person(self, locale: str) -> Speech:
        """The language to talk in to somebody who typed nothing: the setting, else that of the platform's locale."""
        return self._settings.lang or speech_of_locale(locale) or "en"

    def speech_for(self, incoming: Incoming) -> Speech:
        """The language to talk to the person in; see `Reader.speech_for`."""
        return self._reader.speech_for(incoming)

    async def _tells(self, incoming: Incoming) -> bool:
        """Whether a person is told that they are refused: always where the platform's own form waits for a word."""
        if self._guard is None or incoming.arguments is not None:
            return True
        try:
            return await self._guard.tells(incoming)
        except RedisError:
            return True

    async def _take(self, incoming: Incoming, *, wait: bool) -> bool:
        """Whether the event is ours to read."""
        told = incoming.told if self.lets_in(incoming) else None  # of what a stranger says, nothing is written down
        while True:
            taking = await self._patiently(
                lambda: self._intake.take(incoming.platform, incoming.event_id, told=told, tried=incoming.tried, at=incoming.at)
            )
            if taking != "held" or not wait:
                return taking == "ours"
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _patiently(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        """Ask Redis, and where it is away again and again for a while."""
        loop, pause_s = asyncio.get_running_loop(), FIRST_PAUSE_S
        end = loop.time() + self._settings.patience_s
        while True:
            try:
                return await ask()
            except RedisError as error:
                if not is_away(error) or loop.time() + pause_s > end:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, 1.0)

    async def _take_up(self, platform: str, again: Callable[[Left], None]) -> None:
        while True:
            try:
                for left in await self._intake.left(platform):
                    await self._take_up_one(platform, left, again)
            except RedisError:
                log.warning("Redis cannot be reached")
            await asyncio.sleep(TAKE_UP_S)

    async def _take_up_one(self, platform: str, left: Left, again: Callable[[Left], None]) -> None:
        log.info("taking up an event on %s that a bot was reading when it ended", platform)
        try:
            again(left)
        except Exception as error:  # noqa: BLE001  # what another version wrote down must not stop the others, nor come again for ever
            log_fault(log, "taking up what a bot left", error)
            await self._intake.settle(platform, left.event_id)

    def _owed(self, platform: str) -> Owed:
        return self._owed_on.setdefault(platform, Owed())


def job_id_of(incoming: Incoming) -> str:
    """The id of the job that an event becomes: the same event is the same job. 24 letters and digits."""
    return hashlib.sha256(f"{incoming.platform}\0{incoming.event_id}".encode()).hexdigest()[:24]


def waiting_line(speech: Speech, share: float | None = None) -> str:
    """What stands where the answer will be; `share` (0..1) where it is known how far the reading is."""
    done = "" if share is None else f" {share:.0%}"
    return f"読んでいます…{done}" if speech == "ja" else f"Reading…{done}"


_NO_QUEUE = Message(
    ja="いまは受け付けられません（ジョブの置き場 Redis につながりません）。少し待ってからもう一度送ってください。",
    en="This cannot be taken now (Redis, where jobs wait, cannot be reached). Wait a moment and send it again.",
)

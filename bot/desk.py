"""The desk: what happens to a chat message, on every platform: it is read and handed over; `deliveries` posts its answer."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from bot.attachments import read_files
from bot.conversation import LocalRequest, Understood, answer_here, check_model, failure_reply, reply_to, understand
from bot.deliveries import Deliveries
from bot.errors import BotError, CommandError, PlatformError
from bot.feedback.answered import Answered
from bot.feedback.errors import is_off
from bot.feedback.press import Opinion, Press
from bot.feedback.taking import Feedback
from bot.grammar import OptionValue
from bot.language import Speech, speech_of
from bot.platforms.platform import Answer, CannotPost, Incoming, IncomingFile, Platform, TryLater
from bot.reply import Reply
from engine.contract import Failure, Message, Request, to_json
from workers.queue.async_door import AsyncDoor
from workers.queue.door import JobQueue, characters
from workers.queue.replies import ReplyStream

__all__ = ["Answer", "CannotPost", "Desk", "DeskSettings", "Incoming", "IncomingFile", "Platform", "Reading", "TryLater"]

log = logging.getLogger("yomite.desk")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A command that the workers must answer; nothing has been handed over yet. `extras` are the platform's own options."""

    incoming: Incoming
    understood: Understood
    speech: Speech
    notes: list[str] = field(default_factory=list)  # about files that came along

    @property
    def extras(self) -> dict[str, OptionValue]:
        return self.understood.extras


@dataclass(frozen=True, kw_only=True)
class DeskSettings:
    """What the desk must be told. `lang` speaks one language to everybody; None follows the person."""

    lang: Speech | None = None
    max_characters: int = 200_000  # of all the text of one command
    posts_at_once: int = 8  # on one platform


class Desk:
    """Between the platforms and the queue. For one event loop; the calls to Redis that block are made in threads."""

    def __init__(
        self,
        queue: JobQueue,
        connection: redis.asyncio.Redis,
        settings: DeskSettings | None = None,
        *,
        feedback: Feedback | None = None,
    ) -> None:
        self._queue = queue
        self._door = AsyncDoor(connection, queue.settings)
        self._redis = connection
        self._settings = settings or DeskSettings()
        self._feedback = feedback

    @property
    def takes_feedback(self) -> bool:
        """Whether people are asked what they think of answers."""
        return self._feedback is not None

    async def read(self, incoming: Incoming) -> Reading | Reply | None:
        """Understand what was said: a Reading to submit, or a Reply to show at once; None for an event that was taken before."""
        speech = self.speech_for(incoming)
        try:
            if not await self._door.first_time(incoming.platform, incoming.event_id):
                return None
            return await self._read(incoming)
        except BotError as error:
            return failure_reply(error.message, speech)
        except RedisError:
            log.warning("Redis cannot be reached")
            return failure_reply(_NO_QUEUE, speech)

    async def submit(self, reading: Reading, delivery: dict[str, Any]) -> str:
        """Hand a Reading over to the workers; returns the id of its job. `delivery` comes back in the Answer.

        Raises:
            PlatformError: the queue cannot be reached; its message is for the person.
        """
        incoming, understood = reading.incoming, reading.understood
        if isinstance(understood.request, LocalRequest):
            raise TypeError(f"{understood.command.name} is answered at the desk")
        record = {
            "command": understood.command.name,
            "request": to_json(understood.request),
            "extras": understood.extras,
            "speech": reading.speech,
            "person": incoming.person,
            "notes": reading.notes,
            "delivery": delivery,
        }
        try:
            return await self._door.submit(
                understood.request,
                platform=incoming.platform,
                person=incoming.person,
                record=record,
                job_id=job_id_of(incoming),
            )
        except RedisError as error:
            raise PlatformError(ja=_NO_QUEUE.ja, en=_NO_QUEUE.en) from error

    async def mark(self, job_id: str, name: str, value: str) -> None:
        """Keep something about a job that is being posted; it is in `Answer.marks` where the answer must be tried again."""
        await ReplyStream(self._redis, platform="").mark(job_id, name, value)

    async def cancel(self, job_id: str) -> None:
        """Nobody waits for this job any more."""
        await asyncio.to_thread(self._queue.cancel, job_id)

    async def deliver(self, platform: Platform) -> None:
        """Post the answers of one platform as they come, until cancelled."""
        await Deliveries(platform, self._redis, posts_at_once=self._settings.posts_at_once, feedback=self._feedback).run()

    async def press(self, press: Press) -> Opinion:
        """Take what a person says of an answer; returns what they think of it now.

        Raises:
            FeedbackError: it cannot be taken; its message is for the person.
        """
        if self._feedback is None:
            raise is_off()
        return await self._feedback.take(press)

    async def answered(self, press: Press) -> Answered:
        """What a press is about; nothing is kept of it.

        Raises:
            FeedbackError: that is not known, or not any more; its message is for the person.
        """
        if self._feedback is None:
            raise is_off()
        return await self._feedback.find(press)

    def speech_of_person(self, locale: str) -> Speech:
        """The language to talk in to somebody who typed nothing: the setting, else that of the platform's locale."""
        return self._settings.lang or ("ja" if locale.lower().startswith("ja") else "en")

    def speech_for(self, incoming: Incoming, *, came_along: str = "") -> Speech:
        """The language to talk to the person in: the setting, else that of what was typed.

        Where nothing but a command was typed: the platform's locale, else that of the text which came along.
        """
        from_locale: Speech = "ja" if incoming.locale.lower().startswith("ja") else "en"
        otherwise = from_locale if incoming.locale else speech_of(came_along, otherwise="en")
        # With its slash a command's name does not count as English that the person speaks.
        line = incoming.line if incoming.line.lstrip().startswith(("/", "／")) else f"/{incoming.line.lstrip()}"
        return self._settings.lang or speech_of(line, otherwise=otherwise)

    async def _read(self, incoming: Incoming) -> Reading | Reply:
        read = await read_files(incoming.files)
        understood, came_along = await self._understand(incoming, read.text if incoming.files else None)
        speech = self.speech_for(incoming, came_along=came_along or "")
        request = understood.request
        if isinstance(request, LocalRequest):
            outcome = await asyncio.to_thread(answer_here, request, self._queue, platform=incoming.platform, person=incoming.person)
            return reply_to(understood, outcome, speech)
        await self._check(request)
        return Reading(incoming=incoming, understood=understood, speech=speech, notes=[note.in_language(speech) for note in read.notes])

    async def _understand(self, incoming: Incoming, attached: str | None) -> tuple[Understood, str | None]:
        """Read the line; where it lacks a text, with the one that is near it. Also gives the text that came along."""

        def understood(text: str | None) -> tuple[Understood, str | None]:
            found = understand(
                incoming.line,
                extra_options=incoming.extra_options,
                attach=lambda _: text,
                slash_optional=True,
                arguments=incoming.arguments,
            )
            return found, text

        try:
            return understood(attached)
        except CommandError:
            if attached is not None or incoming.nearby is None:
                raise
            nearby = await incoming.nearby()
            if not nearby or not nearby.strip():
                raise
            return understood(nearby)

    async def _check(self, request: Request) -> None:
        """Raises CommandError for what a person in a chat may not ask for."""
        count = characters(request)
        if count > self._settings.max_characters:
            raise CommandError(
                ja=f"文章が長すぎます（{count:,} 文字）。{self._settings.max_characters:,} 文字までにしてください。",
                en=f"The text is too long ({count:,} characters). The most is {self._settings.max_characters:,}.",
            )
        if request.model is not None or getattr(request, "other_model", None) is not None:
            rows = await asyncio.to_thread(self._queue.models)
            if isinstance(rows, Failure):  # unchecked, it could name any folder or hub model
                raise CommandError(ja=rows.message.ja, en=rows.message.en)
            check_model(request, rows)


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

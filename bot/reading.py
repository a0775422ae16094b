"""Reads what was said: the line, the files that came along, and what stands near it; what the bot knows itself is answered here."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from bot.attachments import read_files
from bot.commands import COMMANDS
from bot.conversation import LocalRequest, Understood, answer_here, check_model, reply_to, right_with_a_text, understand
from bot.errors import CommandError
from bot.grammar import OptionValue
from bot.guard.guard import Guard, command_in
from bot.language import Speech, speech_of, speech_of_locale
from bot.platforms.platform import Incoming
from bot.reply import Reply
from engine.contract import Failure, Request
from workers.queue.door import JobQueue, characters


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A command that the workers must answer; nothing has been handed over yet. `extras` are the platform's own options.

    `taken_at`: when its event was taken in first, in seconds since 1970.
    """

    incoming: Incoming
    understood: Understood
    speech: Speech
    notes: list[str] = field(default_factory=list)  # about files that came along
    taken_at: float = field(default_factory=time.time)

    @property
    def extras(self) -> dict[str, OptionValue]:
        return self.understood.extras


class Reader:
    """One desk's. For one event loop; the calls to Redis that block are made in threads."""

    def __init__(self, queue: JobQueue, guard: Guard | None, *, lang: Speech | None, max_characters: int) -> None:
        """`lang` speaks one language to everybody; `max_characters` of all the text of one command are read."""
        self._queue = queue
        self._guard = guard
        self._lang = lang
        self._max_characters = max_characters

    async def read(self, incoming: Incoming) -> Reading | Reply:
        """A Reading to submit, or a Reply to show at once.

        Raises:
            BotError: it is not taken as it is; the message is for the person.
            redis.exceptions.RedisError: Redis cannot be reached.
        """
        taken_at = incoming.at or time.time()
        if self._guard is not None:
            await self._guard.admit(incoming, line=incoming.line)
        files = () if _takes_nothing(incoming.line) else incoming.files
        read = await read_files(files)
        understood, came_along = await _understand(incoming, read.text if files else None)
        speech = self.speech_for(incoming, came_along=came_along or "")
        request = understood.request
        if isinstance(request, LocalRequest):
            commands = self._guard.commands_for(incoming, COMMANDS) if self._guard is not None else COMMANDS
            outcome = await asyncio.to_thread(
                answer_here, request, self._queue, platform=incoming.platform, person=incoming.person, commands=commands
            )
            return reply_to(understood, outcome, speech)
        await self._check(request)
        notes = [note.in_language(speech) for note in read.notes]
        return Reading(incoming=incoming, understood=understood, speech=speech, notes=notes, taken_at=taken_at)

    def speech_for(self, incoming: Incoming, *, came_along: str = "") -> Speech:
        """The language to talk to the person in: the setting, else the one they have set the platform to, else that of what was typed.

        Where nothing but a command was typed: the locale of the place, else that of the text which came along.
        """
        if (own := self._lang or speech_of_locale(incoming.own_locale)) is not None:
            return own
        otherwise = (speech_of_locale(incoming.locale) or "en") if incoming.locale else speech_of(came_along, otherwise="en")
        # With its slash a command's name does not count as English that the person speaks.
        line = incoming.line if incoming.line.lstrip().startswith(("/", "／")) else f"/{incoming.line.lstrip()}"
        return speech_of(line, otherwise=otherwise)

    async def _check(self, request: Request) -> None:
        """Raises CommandError for what a person in a chat may not ask for."""
        count = characters(request)
        if count > self._max_characters:
            raise CommandError(
                ja=f"文章が長すぎます（{count:,} 文字）。{self._max_characters:,} 文字までにしてください。",
                en=f"The text is too long ({count:,} characters). The most is {self._max_characters:,}.",
            )
        if request.model is not None or getattr(request, "other_model", None) is not None:
            rows = await asyncio.to_thread(self._queue.models)
            if isinstance(rows, Failure):  # unchecked, it could name any folder or hub model
                raise CommandError(ja=rows.message.ja, en=rows.message.en)
            check_model(request, rows)


def _takes_nothing(line: str) -> bool:
    """Whether a line names a command that reads no text: what came along is not for it."""
    command = command_in(line)
    return command is not None and command.takes == "nothing"


async def _understand(incoming: Incoming, attached: str | None) -> tuple[Understood, str | None]:
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
        if attached is not None or incoming.nearby is None or not right_with_a_text(understood):
            raise
        nearby = await incoming.nearby()
        if not nearby or not nearby.strip():
            raise
        return understood(nearby)

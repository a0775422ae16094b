"""Discord as the desk sees it: posts answers from ids alone, and shows how far long jobs are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord

from bot.desk import Desk, waiting_line
from bot.language import Speech
from bot.platforms.discord.delivery import Delivery
from bot.platforms.discord.poster import Poster
from bot.platforms.discord.typing_indicators import TypingIndicators
from bot.platforms.platform import Answer, Apology, CannotPost, TryLater
from bot.reply import Reply

NAME = "discord"
PROGRESS_MARK = "progress"  # the id of the message that says how far a job is
PROGRESS_EVERY_S = 3.0
TRIES_AT_ONCE = 6


class DiscordPlatform:
    """What `Desk.deliver` needs. For one event loop."""

    name = NAME

    def __init__(self, client: discord.Client, desk: Desk, typing: TypingIndicators) -> None:
        self._poster = Poster(client)
        self._desk = desk
        self._typing = typing
        self._progress: dict[str, _Progress] = {}

    async def post(self, answer: Answer) -> None:
        """Bring an answer to the person.

        Raises:
            TryLater: not now.
            CannotPost: never.
        """
        to = Delivery.from_json(answer.delivery)
        async with self._ending(answer.job_id, answer.marks) as placeholder:
            try:
                await self._poster.bring(
                    answer.reply,
                    speech=answer.speech,
                    to=to,
                    nonce=answer.job_id,
                    again=answer.again,
                    placeholder=placeholder,
                    thumbs=answer.job_id if answer.thumbs else "",
                )
            except CannotPost:
                self._typing.stop(to.message)
                raise
        self._typing.stop(to.message)

    async def apologise(self, apology: Apology) -> None:
        """Tell the person in the place of the answer that it will not come.

        Raises:
            TryLater: not now.
            CannotPost: never.
        """
        to = Delivery.from_json(apology.delivery)
        async with self._ending(apology.job_id, apology.marks) as placeholder:
            # Another nonce than the answer's: where Discord did take that, it would take this one for the same message.
            await self._poster.bring(apology.reply, speech=apology.speech, to=to, nonce=f"s{apology.job_id}", placeholder=placeholder)
        self._typing.stop(to.message)

    async def show_progress(self, job_id: str, share: float, *, delivery: dict[str, Any], speech: Speech) -> None:
        """Tell the person how far a long job is, at most every few seconds; never after its answer."""
        progress = self._progress.setdefault(job_id, _Progress())
        now = asyncio.get_running_loop().time()
        if progress.over or progress.lock.locked() or now < progress.next_at:
            return
        progress.next_at = now + PROGRESS_EVERY_S
        to, line = Delivery.from_json(delivery), waiting_line(speech, share)
        async with progress.lock:
            try:
                if progress.message is not None:
                    await self._poster.change(progress.message, line, to=to)
                    return
                progress.message = await self._poster.say(line, to=to, nonce=f"p{job_id}")
            except (discord.DiscordException, aiohttp.ClientError, OSError):
                return  # the answer comes all the same
            if progress.message is not None:
                await self._desk.mark(job_id, PROGRESS_MARK, str(progress.message))

    @asynccontextmanager
    async def _ending(self, job_id: str, marks: Mapping[str, str]) -> AsyncIterator[int | None]:
        """Inside, what ends a job takes the place of the message that says how far it is, whose id this gives; afterwards no progress is shown."""
        progress = self._progress.setdefault(job_id, _Progress())
        async with progress.lock:
            marked = marks.get(PROGRESS_MARK)
            yield progress.message or (int(marked) if marked else None)
            progress.over = True
        asyncio.get_running_loop().call_later(60, self._progress.pop, job_id, None)

    async def show(self, reply: Reply, *, speech: Speech, to: Delivery, nonce: str) -> None:
        """Bring a Reply that needs no worker, trying a few times.

        Raises:
            TryLater: Discord does not come back.
            CannotPost: never.
        """
        self._typing.stop(to.message)
        for tries in range(1, TRIES_AT_ONCE + 1):
            try:
                return await self._poster.bring(reply, speech=speech, to=to, nonce=nonce, again=tries > 1)
            except TryLater as later:
                if tries == TRIES_AT_ONCE:
                    raise
                await asyncio.sleep(max(later.after_s, 0.5 * 2**tries))
        return None


class _Progress:
    """What is shown of one job: the message that says how far it is, and whether its answer has come."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.message: int | None = None
        self.next_at = 0.0
        self.over = False

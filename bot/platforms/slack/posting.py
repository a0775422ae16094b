"""The Slack platform as the desk sees it: brings Replies and their files to their Place, and shows how far a long reading is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any, Protocol

from bot.desk import waiting_line
from bot.language import Speech
from bot.platforms.plain import plain_reply
from bot.platforms.platform import Answer, Apology
from bot.platforms.slack.blocks import BlockKit, draw
from bot.platforms.slack.place import Place, place_from_json
from bot.platforms.slack.progress import ProgressLine
from bot.platforms.slack.sending import Once, Sending, Upload
from bot.platforms.slack.thumbs import thumbs_block
from bot.platforms.slack.trouble import unconfirmed
from bot.platforms.slack.wording import hints, speech_of_all
from bot.reply import Attachment, Picture, Reply

# The mark of an answer that only the asker sees, and its value while nobody knows whether it came.
ALONE, ON_ITS_WAY = "alone", "on its way"
SAID = "said"  # the mark of an answer whose text is there: where it stands


class Marker(Protocol):
    """Who keeps marks: the desk."""

    async def mark(self, job_id: str, name: str, value: str) -> None:
        """Keep something about a job that is being posted."""


class SlackPlatform:
    """Posts for one workspace. `bot_name` is what people type to invite it."""

    name = "slack"

    def __init__(self, sending: Sending, marker: Marker, *, bot_name: str) -> None:
        self._sending = sending
        self._marker = marker
        self._bot_name = bot_name
        self._progress = ProgressLine()

    async def post(self, answer: Answer) -> None:
        """Bring an answer to the person: its text in the place of "Reading…", then its files below.

        Raises:
            TryLater: not now.
            CannotPost: never.
        """
        await self._progress.end(answer.job_id)

        async def mark(name: str, value: str) -> None:
            await self._marker.mark(answer.job_id, name, value)

        await self._bring(
            answer.reply,
            place_from_json(answer.delivery),
            speech=answer.speech,
            name=answer.job_id[:12],
            mark=mark,
            marks=answer.marks,
            again=answer.again,
            below=[thumbs_block(answer.job_id, answer.speech)] if answer.thumbs else [],
        )

    async def apologise(self, apology: Apology) -> None:
        """Say in the place of "Reading…", or below what stands there of the answer, that it will not come.

        Raises:
            TryLater: not now.
            CannotPost: never.
        """
        await self._progress.end(apology.job_id)
        place, drawn = place_from_json(apology.delivery), draw(plain_reply(apology.reply), speech=apology.speech)
        if SAID in apology.marks:  # a file is missing
            stands = place_from_json(json.loads(apology.marks[SAID]))
            place = replace(stands, key=f"{stands.key}-sorry", message_ts="", waiting=False)
        if apology.marks.get(ALONE) == ON_ITS_WAY and place.only_asker:
            return await self._sending.say_directly(place, drawn)
        place = await self._sending.say(place, drawn)
        if place.outside:
            await self._sending.say(place, drawn)
        return None

    async def show(self, reply: Reply, place: Place, *, speech: Speech) -> None:
        """Bring a Reply that needed no worker.

        Raises:
            TryLater: not now.
            CannotPost: never.
        """
        await self._bring(reply, place, speech=speech, name=place.key[:12])

    async def show_progress(self, job_id: str, share: float, *, delivery: dict[str, Any], speech: Speech) -> None:
        """Change the line "Reading…", not too often and never after the answer has come."""
        place = place_from_json(delivery)
        await self._progress.show(job_id, lambda: self._sending.change(place, waiting_line(speech, share)))

    async def _bring(
        self,
        reply: Reply,
        place: Place,
        *,
        speech: Speech,
        name: str,
        mark: Callable[[str, str], Awaitable[None]] | None = None,
        marks: Mapping[str, str] | None = None,
        again: bool = False,
        below: Sequence[BlockKit] = (),
    ) -> None:
        mark, marks = mark or _forget, marks or {}
        reply = await asyncio.to_thread(plain_reply, reply)
        # The files must be the same however often it is tried, so they are told from the Reply as it came.
        # Drawn in threads: there may be much to draw, and the event loop must acknowledge meanwhile.
        drawn = await asyncio.to_thread(draw, reply, speech=speech, below=below)
        uploads = _uploads(reply, drawn.whole, name=name, speech=speech)
        if SAID in marks:
            place = place_from_json(json.loads(marks[SAID]))
        else:
            if marks.get(ALONE) == ON_ITS_WAY:
                raise unconfirmed()
            once = _marking(mark) if mark is not _forget else None
            place = await self._say(reply, place, speech=speech, files=bool(uploads), below=below, once=once)
            await mark(SAID, json.dumps(place.to_json()))
        for upload in uploads:
            if upload.name not in marks:
                await self._sending.upload(place, upload, again=again)
                await mark(upload.name, "up")

    async def _say(self, reply: Reply, place: Place, *, speech: Speech, files: bool, below: Sequence[BlockKit], once: Once | None) -> Place:
        for _ in range(2):  # a second time where it turns out that only the asker can be reached
            was_outside = bool(place.outside)
            notes = speech_of_all(hints(place, bot_name=self._bot_name, files=files), speech)
            noted = replace(reply, notes=(*notes, *reply.notes))
            drawn = await asyncio.to_thread(draw, noted, speech=speech, below=below)
            place = await self._sending.say(place, drawn, once=once)
            if bool(place.outside) == was_outside:
                break
        return place


def _uploads(reply: Reply, whole: str, *, name: str, speech: Speech) -> list[Upload]:
    """The files of a Reply: its text where that is too long for a message, its pictures, then its attachments."""
    files = []
    if whole:
        title = "全文" if speech == "ja" else "The whole answer"
        files.append(Upload(name=f"yomite-{name}.txt", title=title, data=whole.encode()))
    for index, block in enumerate(block for block in reply.blocks if isinstance(block, Picture)):
        files.append(Upload(name=_name_of(block.image.name, f"{name}-{index}"), title=reply.brief, data=block.image.data, alt=block.alt))
    for index, attached in enumerate(block for block in reply.blocks if isinstance(block, Attachment)):
        files.append(Upload(name=_name_of(attached.file.name, f"{name}-{index}"), title=attached.title, data=attached.file.data))
    return files


def _name_of(name: str, answer: str) -> str:
    """A file's name that is its own, and the same whenever it is tried again."""
    path = PurePath(name)
    return f"{path.stem or 'file'}-{answer}{path.suffix}"


def _marking(mark: Callable[[str, str], Awaitable[None]]) -> Once:
    async def once(on_its_way: bool) -> None:
        await mark(ALONE, ON_ITS_WAY if on_its_way else "")

    return once


async def _forget(name: str, value: str) -> None:
    """For what is said once and not kept."""

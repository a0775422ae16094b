"""Reads what Slack tells: its commands, messages, threads and files become what the desk understands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.attachments import MOST_BYTES, check_size
from bot.errors import InputError, PlatformError
from bot.guard.guard import command_in
from bot.platforms.platform import IncomingFile
from bot.platforms.slack.markup import as_typed, mentions, without_mention
from bot.platforms.slack.place import DIRECT
from bot.platforms.slack.settings import FILE_HOST, SlackSettings

Event = Mapping[str, Any]

SUBTYPES = (None, "file_share", "thread_broadcast")  # messages that people write; all others are edits, joins and the like
PAGES, PAGE = 5, 200
_MEDIA = ("image/", "audio/", "video/")


class Reader:
    """What can be read with the bot's token. `user_id` is the bot's own."""

    def __init__(self, client: AsyncWebClient, settings: SlackSettings, session: aiohttp.ClientSession, *, user_id: str) -> None:
        self._client = client
        self._settings = settings
        self._session = session
        self._user_id = user_id

    def is_for_us(self, event: Event) -> bool:
        """Whether a person wrote it just now: no bot, no edit."""
        by_person = bool(event.get("user")) and event["user"] != self._user_id and not event.get("bot_id")
        return by_person and event.get("subtype") in SUBTYPES and "edited" not in event

    def line_of(self, event: Event) -> str:
        """The command in a message."""
        return as_typed(without_mention(str(event.get("text", "")), self._user_id)).strip()

    async def files_of(self, files: Iterable[Event]) -> tuple[IncomingFile, ...]:
        """The files of a message, without pictures, sound and video: those are not what should be read."""
        told = [await self._told(file) for file in files]
        return tuple(self._file(file) for file in told if not str(file.get("mimetype", "")).startswith(_MEDIA))

    async def _told(self, file: Event) -> Event:
        """All that Slack tells of a file: in channels that companies share, messages bring its id alone."""
        if file.get("file_access") != "check_file_info":
            return file
        try:
            response = await self._client.files_info(file=str(file.get("id", "")))
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError):
            return file  # has no address: that is told when it is read
        found: Event = response.get("file") or file
        return found

    async def thread_text(self, channel: str, thread_ts: str, *, before: str) -> str | None:
        """What people said in a thread before a message, without what they said to the bot; None where there is nothing.

        Raises:
            PlatformError: it cannot be read, or not to its end.
        """
        counts = partial(self._counts, before=before, direct=channel.startswith(DIRECT))
        said: list[str] = []
        cursor = None
        for _ in range(PAGES):
            try:
                response = await self._client.conversations_replies(channel=channel, ts=thread_ts, limit=PAGE, cursor=cursor)
            except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
                raise _no_thread() from error
            said += [as_typed(str(message.get("text", ""))) for message in response.get("messages") or () if counts(message)]
            cursor = (response.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return "\n".join(filter(None, said)) or None
        raise _long_thread()

    def _counts(self, message: Event, *, before: str, direct: bool) -> bool:
        """Whether people said it to each other before, and not to the bot: to that, all that is a command is said in `direct` messages."""
        text = str(message.get("text", ""))
        if message.get("user") == self._user_id or str(message["ts"]) >= before or mentions(text, self._user_id):
            return False
        return not (direct and command_in(as_typed(text)) is not None)

    def _file(self, file: Event) -> IncomingFile:
        name, size = str(file.get("name") or file.get("title") or "file"), int(file.get("size") or 0)

        async def read() -> bytes:
            check_size(name, size)
            return await self._fetched(str(file.get("url_private_download") or file.get("url_private") or ""), name)

        return IncomingFile(name=name, size=size, read=read)

    async def _fetched(self, url: str, name: str) -> bytes:
        """Raises InputError where the file is not on Slack's own host, which alone may see the token, or cannot be had."""
        if not self._settings.is_slacks(url, host=FILE_HOST):
            raise _no_file(name)
        headers = {"Authorization": f"Bearer {self._settings.bot_token}"}
        try:
            # Never redirected: without the right to read files Slack leads to its page for signing in.
            async with self._session.get(url, headers=headers, allow_redirects=False, proxy=self._client.proxy) as response:
                if response.status != 200 or (response.content_type == "text/html" and not name.lower().endswith((".html", ".htm"))):
                    raise _no_file(name)
                data = bytearray()
                async for chunk in response.content.iter_chunked(2**16):
                    data += chunk
                    check_size(name, len(data))
                return bytes(data)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _no_file(name) from error


def team_of(payload: Mapping[str, Any]) -> str:
    """The workspace of the person that an interaction or a slash command comes from; in a shared channel, their own one."""
    user, team = payload.get("user"), payload.get("team")
    of_user = user.get("team_id") if isinstance(user, Mapping) else None
    of_payload = team.get("id") if isinstance(team, Mapping) else None
    return str(of_user or of_payload or payload.get("team_id") or "")


def _no_file(name: str) -> InputError:
    return InputError(
        ja=f"{name} を Slack から受け取れませんでした。{MOST_BYTES >> 20} MiB までのファイルを、Slack に直接アップロードしてください。",
        en=f"{name} could not be fetched from Slack. Upload a file of up to {MOST_BYTES >> 20} MiB directly to Slack.",
    )


def _no_thread() -> PlatformError:
    return PlatformError(
        ja="Slack からスレッドの文章を読めませんでした。コマンドのあとに文章を書いてください。",
        en="The text of the thread could not be read from Slack. Write the text after the command.",
    )


def _long_thread() -> PlatformError:
    return PlatformError(
        ja=f"スレッドが長すぎます。読めるのは {PAGES * PAGE:,} 件のメッセージまでです。読む文章をコマンドのあとに書いてください。",
        en=f"The thread is too long. Up to {PAGES * PAGE:,} messages of one can be read. Write the text to read after the command.",
    )

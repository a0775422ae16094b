"""Files that come with a message: fetched from Discord's own hosts only, and never more than was announced as allowed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Protocol

import aiohttp
import discord
from yarl import URL

from bot.attachments import check_size
from bot.errors import InputError
from bot.platforms.platform import IncomingFile

ORIGINS = ("https://cdn.discordapp.com", "https://media.discordapp.net")
TIMEOUT_S = 30
# What is taken along from a message that somebody replied to: pictures and the like are not what they mean.
TEXT_SUFFIXES = (".txt", ".md", ".csv", ".tsv", ".pdf", ".log", ".json")


class Attached(Protocol):
    """A file that came with a message, as Discord tells of it or as it was written down."""

    @property
    def filename(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def url(self) -> str: ...


class Downloads:
    """Fetches attachments. `origin` is where they lie besides Discord's own hosts, for a Discord that is not the real one."""

    def __init__(self, session: aiohttp.ClientSession, *, origin: str | None = None) -> None:
        self._session = session
        self._origins = {URL(allowed).origin() for allowed in (*ORIGINS, *([origin] if origin else []))}

    def incoming(self, attachments: Iterable[Attached]) -> tuple[IncomingFile, ...]:
        """The attachments as the desk takes them; nothing is fetched yet."""
        return tuple(
            IncomingFile(name=file.filename, size=file.size, read=lambda file=file: self.fetch(file.url, name=file.filename))  # type: ignore[misc]  # a lambda's default has no type
            for file in attachments
        )

    async def fetch(self, url: str, *, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            InputError: it is somewhere else, too large, or cannot be had.
        """
        if not self._may_fetch(url):
            raise InputError(ja=f"{name} は Discord の外にあるため読みません。", en=f"{name} is not on Discord and is not read.")
        try:
            async with self._session.get(url, allow_redirects=False, timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as response:
                if response.status != 200:
                    raise _unreachable(name)
                data = b""
                async for chunk in response.content.iter_chunked(2**16):
                    data += chunk
                    check_size(name, len(data))
                return data
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _unreachable(name) from error

    def _may_fetch(self, url: str) -> bool:
        try:
            return URL(url).origin() in self._origins
        except ValueError:
            return False


def readable_texts(attachments: Iterable[discord.Attachment]) -> list[discord.Attachment]:
    """Those that are texts by their names."""
    return [file for file in attachments if PurePath(file.filename).suffix.lower() in TEXT_SUFFIXES]


def _unreachable(name: str) -> InputError:
    return InputError(ja=f"{name} を受け取れませんでした。もう一度送ってください。", en=f"{name} could not be fetched. Send it again.")

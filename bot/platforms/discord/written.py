"""What of an event on Discord is written down until it is handed over, so that another bot can take it in again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import discord

from bot.grammar import Arguments
from bot.platforms.discord.delivery import Delivery
from bot.platforms.discord.files import Downloads
from bot.platforms.discord.origin import origin_of
from bot.platforms.platform import Incoming
from workers.queue.intake import Left

MESSAGE, COMMAND = "message", "command"


@dataclass(frozen=True, kw_only=True)
class WrittenFile:
    """An attachment, as far as it is needed to fetch it."""

    filename: str
    size: int
    url: str


def written_message(message: discord.Message) -> dict[str, Any]:
    """Where a message stands: Discord itself still knows what it says, but not what roles its writer has."""
    known = {"person": str(message.author.id), "roles": list(origin_of(message)["roles"])}
    return {"kind": MESSAGE, "channel": str(message.channel.id), "message": str(message.id), **known}


def written_command(incoming: Incoming, to: Delivery, attachments: Iterable[discord.Attachment]) -> dict[str, Any]:
    """A command: Discord tells of it once, so all of it is written down."""
    files = [asdict(WrittenFile(filename=file.filename, size=file.size, url=file.url)) for file in attachments]
    arguments = asdict(incoming.arguments) if incoming.arguments is not None else None
    named = {name: getattr(incoming, name) for name in ("line", "own_locale", "team", "channel", "roles", "direct")}
    return {"kind": COMMAND, "to": to.to_json(), "person": incoming.person, "files": files, "arguments": arguments, **named}


def command_again(left: Left, downloads: Downloads, *, platform: str) -> tuple[Incoming, Delivery]:
    """The command that was written down, and where its answer goes.

    Raises:
        KeyError, TypeError: another version wrote it down, in another form.
    """
    told = left.told
    written = told["arguments"]
    incoming = Incoming(
        platform=platform,
        event_id=left.event_id,
        person=told["person"],
        line=told["line"],
        own_locale=told.get("own_locale", told.get("locale", "")),
        team=told["team"],
        channel=told["channel"],
        roles=tuple(told["roles"]),
        direct=told["direct"],
        files=downloads.incoming(WrittenFile(**file) for file in told["files"]),
        arguments=Arguments(**{**written, "texts": tuple(written["texts"])}) if written is not None else None,
    )
    return taken_again(incoming, left), Delivery.from_json(told["to"])


def taken_again(incoming: Incoming, left: Left) -> Incoming:
    """The same event, as one that was taken in before."""
    return replace(incoming, roles=tuple(left.told.get("roles", ())), told=left.told, tried=left.tried, at=left.at)

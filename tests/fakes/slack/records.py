"""What the fake Slack keeps: channels, messages, uploads, and what it told the bot."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Channel:
    """A conversation. `members` are user ids; the bot is in it where its own id is among them."""

    id: str
    name: str = ""
    members: set[str] = field(default_factory=set)
    private: bool = False
    archived: bool = False

    @property
    def is_im(self) -> bool:
        return self.id.startswith("D")


@dataclass(kw_only=True)
class Said:
    """A message as it stands now. `only_to`: the one person who sees it, where it is ephemeral. `versions`: its texts so far."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    bot_id: str = ""
    only_to: str = ""
    deleted: bool = False
    versions: list[str] = field(default_factory=list)

    def to_json(self, *, with_metadata: bool = True) -> dict[str, Any]:
        """As the Web API gives it."""
        data: dict[str, Any] = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text}
        data |= {"thread_ts": self.thread_ts} if self.thread_ts else {}
        data |= {"blocks": self.blocks} if self.blocks else {}
        data |= {"files": self.files} if self.files else {}
        data |= {"bot_id": self.bot_id} if self.bot_id else {}
        return data | ({"metadata": self.metadata} if self.metadata and with_metadata else {})


@dataclass(kw_only=True)
class Upload:
    """A file on its way or shared. `alt` is what screen readers say."""

    id: str
    name: str
    length: int
    alt: str = ""
    title: str = ""
    data: bytes = b""
    channel: str = ""
    thread_ts: str = ""


@dataclass(kw_only=True)
class Call:
    """One call of a Web API method."""

    method: str
    arguments: dict[str, Any]


@dataclass(kw_only=True)
class Response:
    """A response_url: five uses within 30 minutes; `said` is the message that it replaces, always the same where a button is in it."""

    channel: str
    person: str
    expires_at: float
    thread_ts: str = ""
    uses: int = 0
    said: Said | None = None
    of_button: bool = False


@dataclass(kw_only=True)
class View:
    """A form that stands open before a person."""

    id: str
    user: str
    data: dict[str, Any]
    closed: bool = False


@dataclass(kw_only=True)
class Delivery:
    """Something the bot was told. `acknowledged_s` is set when it acknowledged: seconds after it was told first."""

    kind: str
    payload: dict[str, Any]
    envelope_id: str
    attempts: int = 0
    acknowledged_s: asyncio.Future[float]
    ts: str = ""  # of the message that it tells of
    answer: dict[str, Any] = field(default_factory=dict)  # what came with the acknowledgement

"""What the fake Discord remembers: messages, files, interactions, commands; and who would have been pinged."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.discord.checks import Refused
from tests.fakes.discord.objects import BOT_ID, DM_CHANNEL, LOADING, Snowflakes, guild_of, member, user

Message = dict[str, Any]
MENTION = re.compile(r"<@!?(\d+)>")
REPLY = 19
COMMAND, BUTTON, SENT_FORM = 2, 3, 5  # kinds of interactions
LOOK_AGAIN_S = 0.05


@dataclass
class FakeInteraction:
    """A command that a person used, a button that they pressed, or a form that they sent; the latter two from within a `source`."""

    id: str
    token: str
    channel_id: str
    person: str
    created_at: float
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged_after_s: float | None = None
    private: bool = False
    message_id: str | None = None  # of its first response
    expired: bool = False
    used_up: bool = False  # the 3 seconds are over
    source: Message | None = None
    form: dict[str, Any] | None = None  # that the bot opened
    kind: int = COMMAND


class World:
    """All of it. `origin` is where files can be fetched."""

    def __init__(self) -> None:
        self.origin = ""
        self.ids = Snowflakes()
        self.messages: dict[str, list[Message]] = {}
        self.files: dict[str, bytes] = {}  # by path
        self.interactions: dict[str, FakeInteraction] = {}  # by token
        self.commands: list[dict[str, Any]] = []
        self.times_published = 0
        self.pings: list[str] = []
        self.typing: list[str] = []  # channels, in turn
        self.guild_count, self.starts_left = 2, 999  # where the bot is, and how often it may still connect today
        self.clock_ahead_s = 0.0  # of Discord's clock
        self.private_messages: dict[str, str] = {}  # id of an ephemeral message: who sees it
        self.archived: set[str] = set()  # threads; what is sent opens them again, unless they are locked, too
        self.locked: set[str] = set()
        self.changed = asyncio.Condition()
        self._by_nonce: dict[tuple[str, str], Message] = {}

    async def tell(self) -> None:
        """Wake up whoever waits for something to change."""
        async with self.changed:
            self.changed.notify_all()

    async def wait_until(self, predicate: Callable[[], Any], timeout_s: float) -> Any:
        """What `predicate` gives, once that is true; also of what nobody tells here, such as what waits in the queue.

        Raises:
            TimeoutError: it never was.
        """
        async with asyncio.timeout(timeout_s), self.changed:
            while not (found := predicate()):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        await self.changed.wait()
        return found

    def find(self, channel_id: str, message_id: str) -> Message:
        """A message.

        Raises:
            Refused: there is none.
        """
        for message in self.messages.get(channel_id, []):
            if message["id"] == message_id:
                return message
        raise Refused("Unknown Message", status=404, code=10008)

    def check_open(self, channel_id: str) -> None:
        """Raises Refused in a thread that is closed."""
        if channel_id in self.archived:
            raise Refused("Thread is archived", code=50083)

    def open_again(self, channel_id: str) -> None:
        """As what is sent does with a thread that is closed.

        Raises:
            Refused: it is locked.
        """
        if channel_id in self.locked:
            self.check_open(channel_id)
            raise Refused("Thread is locked", code=160005)
        self.archived.discard(channel_id)

    def with_nonce(self, channel_id: str, payload: dict[str, Any]) -> Message | None:
        """The message that was sent before with the same enforced nonce."""
        return self._by_nonce.get((channel_id, str(payload["nonce"]))) if payload.get("enforce_nonce") else None

    def forget_nonces(self) -> None:
        """As Discord does after a few minutes: from now on the same nonce is another message."""
        self._by_nonce.clear()

    def nonce_of(self, message: Message) -> str:
        """What a message was sent with, where that was to be enforced; a bot is not told it any more."""
        return next((nonce for (_, nonce), sent in self._by_nonce.items() if sent is message), "")

    def add(
        self,
        channel_id: str,
        author: str,
        payload: dict[str, Any],
        files: dict[int, tuple[str, bytes]] | None = None,
        *,
        flags: int = 0,
    ) -> Message:
        """A new message, checked already."""
        now = datetime.datetime.now(datetime.UTC).isoformat()
        message: Message = {
            "id": self.ids.new(),
            "channel_id": channel_id,
            "author": user(author),
            "timestamp": now,
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mention_roles": [],
            "pinned": False,
            "type": 0,
            "flags": flags,
            "attachments": [],
            "components": [],
        }
        if channel_id != DM_CHANNEL:
            message |= {"guild_id": guild_of(channel_id), "member": member(author, with_user=False)}
        self._set_reference(message, payload)
        self.fill(message, payload, files or {})
        self.messages.setdefault(channel_id, []).append(message)
        if payload.get("enforce_nonce"):
            self._by_nonce[channel_id, str(payload["nonce"])] = message
        if author == BOT_ID:
            self._ping(message, payload)
        return message

    def fill(self, message: Message, payload: dict[str, Any], files: dict[int, tuple[str, bytes]]) -> None:
        """Put what a payload says into a message; a part that it does not name stays."""
        if "content" in payload or "content" not in message:
            message["content"] = payload.get("content") or ""
        if "embeds" in payload or "embeds" not in message:
            message["embeds"] = payload.get("embeds") or []
        if "components" in payload:
            message["components"] = payload["components"] or []
        if "attachments" in payload or files:
            named = payload.get("attachments") or [{"id": index} for index in files]
            kept = {attachment["id"]: attachment for attachment in message["attachments"]}
            message["attachments"] = [
                self._attachment(message, entry, files[int(entry["id"])]) if int(entry["id"]) in files else kept[str(entry["id"])]
                for entry in named
            ]
        message["mentions"] = [user(found) for found in MENTION.findall(message["content"])]
        if message.get("referenced_message") and (payload.get("allowed_mentions") or {}).get("replied_user", True):
            message["mentions"].append(message["referenced_message"]["author"])

    def store(self, channel_id: str, name: str, data: bytes) -> dict[str, Any]:
        """A file on the CDN, as an attachment."""
        attachment_id = self.ids.new()
        path = f"/attachments/{channel_id}/{attachment_id}/{name}"
        self.files[path] = data
        return {"id": attachment_id, "filename": name, "size": len(data), "url": self.origin + path, "proxy_url": self.origin + path}

    def _attachment(self, message: Message, entry: dict[str, Any], file: tuple[str, bytes]) -> dict[str, Any]:
        stored = self.store(message["channel_id"], entry.get("filename") or file[0], file[1])
        return stored | ({"description": entry["description"]} if entry.get("description") else {})

    def _set_reference(self, message: Message, payload: dict[str, Any]) -> None:
        reference = payload.get("message_reference")
        if not reference:
            return
        try:
            found = self.find(message["channel_id"], str(reference["message_id"]))
        except Refused:
            if reference.get("fail_if_not_exists", True):
                raise Refused("message_reference: Unknown message") from None
            return
        message["type"] = REPLY
        message["message_reference"] = {"message_id": found["id"], "channel_id": found["channel_id"]}
        message["referenced_message"] = {key: value for key, value in found.items() if key != "referenced_message"}

    def _ping(self, message: Message, payload: dict[str, Any]) -> None:
        """Who a message of the bot pings: everybody it names, unless it says otherwise."""
        allowed = payload.get("allowed_mentions", {"parse": ["users", "roles", "everyone"], "replied_user": True})
        if "users" in allowed.get("parse", ()):
            self.pings += MENTION.findall(message["content"])
        if "everyone" in allowed.get("parse", ()) and re.search("@(everyone|here)", message["content"]):
            self.pings.append("everyone")
        if message.get("referenced_message") and allowed.get("replied_user"):
            self.pings.append(message["referenced_message"]["author"]["id"])


def is_shown(message: Message) -> bool:
    """Whether a message of the bot has something in it: no longer "is thinking…"."""
    return bool(message["author"]["id"] == BOT_ID and not message["flags"] & LOADING)


def text_of(message: Message) -> str:
    """All the words of a message: content, titles, descriptions, fields and footers."""
    parts = [message["content"]]
    for embed in message["embeds"]:
        parts += [embed.get("title"), embed.get("description")]
        parts += [field[part] for field in embed.get("fields") or [] for part in ("name", "value")]
        parts.append((embed.get("footer") or {}).get("text"))
    return "\n".join(part for part in parts if part)

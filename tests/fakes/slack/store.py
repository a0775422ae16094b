"""Everything that is in the fake workspace, and who waits for changes in it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from tests.fakes.slack.checks import Refused
from tests.fakes.slack.records import Call, Channel, Response, Said, Upload, View
from tests.fakes.slack.scopes import GIVEN

BOT_USER, BOT_ID, BOT_NAME, TEAM, APP = "U0YOMITE", "B0YOMITE", "yomite", "T0TEAM", "A0YOMITE"
ASKER, OTHER = "U0HANAKO", "U0TARO"
GENERAL, ELSEWHERE = "C0GENERAL", "C0ELSEWHERE"


class Store:
    """One workspace: a channel with the bot, one without it, and two people."""

    def __init__(self) -> None:
        people = {ASKER, OTHER}
        self.channels = {
            GENERAL: Channel(id=GENERAL, name="general", members={*people, BOT_USER}),
            ELSEWHERE: Channel(id=ELSEWHERE, name="elsewhere", members=people),
        }
        self.locales: dict[str, str] = {}  # what people have set Slack to
        self.said: list[Said] = []
        self.uploads: list[Upload] = []
        self.calls: list[Call] = []
        self.responses: dict[str, Response] = {}
        self.triggers: dict[str, tuple[str, float]] = {}  # who pressed something, and until when a form may be opened for that
        self.views: list[View] = []
        self.hosted: dict[str, bytes] = {}
        self.withheld: dict[str, dict[str, Any]] = {}  # what messages do not tell of files, by their ids
        self.scopes = set(GIVEN)  # that the bot's token has
        self.clock_ahead_s = 0.0  # of Slack's clock
        self.changed = asyncio.Condition()
        # From somewhere new: events of one test must not look like a repetition of another's.
        self._numbers = itertools.count(time.time_ns() // 1_000 % 10**9 * 1_000)

    def number(self) -> int:
        """A number that nothing else has."""
        return next(self._numbers)

    def new_ts(self) -> str:
        """A timestamp after all others."""
        return f"{int(time.time())}.{self.number() % 10**6:06d}"

    def channel(self, channel_id: str, *, writing: bool = False) -> Channel:
        """A channel that the bot may read, or write in.

        Raises:
            Refused: it may not.
        """
        channel = self.channels.get(channel_id)
        if channel is None or (channel.private and BOT_USER not in channel.members):
            raise Refused("channel_not_found")
        if BOT_USER not in channel.members:
            raise Refused("not_in_channel")
        if writing and channel.archived:
            raise Refused("is_archived")
        return channel

    def direct(self, person: str) -> Channel:
        """The conversation of the bot with a person, opened where there is none."""
        if person not in (ASKER, OTHER):
            raise Refused("user_not_found")
        channel_id = f"D0{person[2:]}"
        return self.channels.setdefault(channel_id, Channel(id=channel_id, members={person, BOT_USER}))

    def message(self, channel: str, ts: str) -> Said:
        """A message that everybody sees.

        Raises:
            Refused: there is none.
        """
        for said in self.said:
            if said.channel == channel and said.ts == ts and not said.only_to and not said.deleted:
                return said
        raise Refused("message_not_found")

    async def add(self, said: Said) -> Said:
        """A new message."""
        said.versions.append(said.text)
        self.said.append(said)
        await self.tell()
        return said

    async def change(self, said: Said, *, text: str, blocks: list[dict[str, Any]], metadata: dict[str, Any] | None = None) -> None:
        """A message says something else now."""
        said.text, said.blocks = text, blocks
        said.metadata = metadata if metadata is not None else said.metadata
        said.versions.append(text)
        await self.tell()

    async def tell(self) -> None:
        """Wake up whoever waits for a change."""
        async with self.changed:
            self.changed.notify_all()

    async def until(self, check: Callable[[], Any], *, timeout_s: float, what: str) -> Any:
        """What `check` gives once it is true.

        Raises:
            TimeoutError: it does not become true; says what there is.
        """
        try:
            async with asyncio.timeout(timeout_s), self.changed:
                await self.changed.wait_for(check)
        except TimeoutError:
            there = [(said.channel, said.only_to, said.text) for said in self.said]
            raise TimeoutError(
                f"{what} did not come within {timeout_s:g} s; there is {there}, called was {[call.method for call in self.calls]}"
            ) from None
        return check()

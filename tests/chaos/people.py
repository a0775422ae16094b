"""The people of a chaos run: they ask on both fakes, know what the platforms told them, and see what the bots show."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from bot.platforms.discord.render import COLOURS
from bot.platforms.slack.blocks import MARKS
from tests.chaos.judging import Shown
from tests.chaos.questions import Question
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.objects import BOT_ID
from tests.fakes.discord.world import FakeInteraction, is_shown, text_of
from tests.fakes.slack import Delivery, FakeSlack, Said, shown_text
from tests.fakes.slack.payloads import message_event
from tests.fakes.slack.store import BOT_USER

RESPOND_S = 3.0  # within which Discord lets a bot respond to a command
# A mention on Discord has no acknowledgement. It counts as taken where the bot lived on for so long after it had been sent: longer
# than a bot stands still at most.
TAKEN_S = 5.0
HELD_EVERY = 5  # so many mentions on Slack one reaches the bot after what was said later
LONGEST_HELD_S = 1.5


@dataclass(frozen=True, kw_only=True)
class Mention:
    """One on Discord. `session`: the one that it was sent in; `at_s`: when, by the loop's clock."""

    session: object
    at_s: float
    message_id: str


class People:
    """Everybody who asks. For one event loop."""

    def __init__(self, slack: FakeSlack, discord: FakeDiscord, random: Random) -> None:
        self.slack, self.discord = slack, discord
        self._random = random
        self.asked: dict[int, Question] = {}
        self.asked_at: dict[int, float] = {}  # by `time.monotonic`
        self.deliveries: dict[int, Delivery] = {}
        self.held = 0
        self._slack_mentions = 0
        self._mentions: dict[int, Mention] = {}
        self._interactions: dict[int, FakeInteraction] = {}
        self._deaths: list[tuple[object, float]] = []  # a session of Discord's, and what was sent in it later than that is not taken
        self._cut_at_s = float("-inf")
        self._busy: set[asyncio.Task[None]] = set()

    async def ask(self, questions: Iterator[Question], *, rate_per_s: float, until: Callable[[], bool]) -> None:
        """Ask at a steady rate, at random moments."""
        while not until():
            question = next(questions)
            self.asked[question.number], self.asked_at[question.number] = question, time.monotonic()
            self._start(self._ask(question))
            await asyncio.sleep(self._random.expovariate(rate_per_s))

    async def close(self) -> None:
        """Nobody says anything any more."""
        for task in self._busy:
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)

    def acknowledged(self) -> set[int]:
        """The questions that a platform takes for taken."""
        slack = {number for number, delivery in self.deliveries.items() if delivery.acknowledged_s.done()}
        commands = {number for number, interaction in self._interactions.items() if interaction.acknowledged.is_set()}
        mentions = {number for number, mention in self._mentions.items() if self._is_taken(mention)}
        return slack | commands | mentions

    def events(self) -> list[Delivery]:
        """The mentions on Slack that were acknowledged, oldest first."""
        return [each for each in self.deliveries.values() if each.kind == "events_api" and each.acknowledged_s.done()]

    # --- what happens to Discord's line ------------------------------------------------------------------------------

    def line_is_cut(self) -> None:
        """Discord's connection to the bot ends just now."""
        self._cut_at_s = asyncio.get_running_loop().time()

    def discord_bot_ends(self) -> None:
        """It is told to end, or has ended: what was sent a moment ago, or could not be sent since the line was cut, may not have reached it."""
        now = asyncio.get_running_loop().time()
        is_cut = self.discord.gateway.connection is None or now - self._cut_at_s < TAKEN_S
        self._deaths.append((self.discord.gateway.session, min(now, self._cut_at_s if is_cut else now) - TAKEN_S))

    def _is_taken(self, mention: Mention) -> bool:
        return not any(session is mention.session and mention.at_s > since_s for session, since_s in self._deaths)

    # --- asking ------------------------------------------------------------------------------------------------------

    async def _ask(self, question: Question) -> None:
        ways = {
            ("slack", "slash"): self._slash_on_slack,
            ("slack", "mention"): self._mention_on_slack,
            ("discord", "slash"): self._slash_on_discord,
            ("discord", "mention"): self._mention_on_discord,
        }
        await ways[question.platform, question.way](question)

    async def _slash_on_slack(self, question: Question) -> None:
        self.deliveries[question.number] = await self.slack.slash(f"/{question.command}", question.text)

    async def _mention_on_slack(self, question: Question) -> None:
        self._slack_mentions += 1
        hold = self._slack_mentions % HELD_EVERY == 0
        said = await self.slack.write(f"<@{BOT_USER}> {question.command} {question.text}", user=self.slack.asker)
        if hold:
            self.held += 1
            await asyncio.sleep(self._random.uniform(0.2, LONGEST_HELD_S))
        self.deliveries[question.number] = self.slack.tell_event(message_event(said, "app_mention"))

    async def _slash_on_discord(self, question: Question) -> None:
        locale = "ja" if question.speech == "ja" else "en-US"
        interaction = await self.discord.slash(question.command, {"text": question.text}, locale=locale)
        self._interactions[question.number] = interaction
        await asyncio.sleep(RESPOND_S)
        interaction.used_up = not interaction.acknowledged.is_set()  # Discord says so to the person

    async def _mention_on_discord(self, question: Question) -> None:
        session, now = self.discord.gateway.session, asyncio.get_running_loop().time()
        message = await self.discord.mention(f"{question.command} {question.text}")
        self._mentions[question.number] = Mention(session=session, at_s=now, message_id=message["id"])

    def _start(self, asking: Any) -> None:
        task = asyncio.create_task(asking)
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    # --- what they see -----------------------------------------------------------------------------------------------

    def shown(self) -> list[Shown]:
        """All that the bots show now."""
        return [*self._shown_on_slack(), *self._shown_on_discord()]

    def _shown_on_slack(self) -> Iterator[Shown]:
        by_key = {_key(delivery): number for number, delivery in self.deliveries.items()}
        by_thread = {delivery.ts: number for number, delivery in self.deliveries.items() if delivery.ts}
        by_response: dict[int, int] = {}
        for number, delivery in self.deliveries.items():
            response = self.slack.store.responses.get(str(delivery.payload.get("response_url", "")).rsplit("/", 1)[-1])
            if response is not None and response.said is not None:
                by_response[id(response.said)] = number
        for said in self.slack.store.said:
            if said.user == BOT_USER and not said.deleted:
                key = str((said.metadata.get("event_payload") or {}).get("key", ""))
                place = by_thread.get(said.thread_ts, by_key.get(key, by_response.get(id(said))))
                yield Shown(question=place, text=shown_text(said), trouble=_is_trouble(said))

    def _shown_on_discord(self) -> Iterator[Shown]:
        by_message = {mention.message_id: number for number, mention in self._mentions.items()}
        by_response = {interaction.message_id: number for number, interaction in self._interactions.items()}
        # What cannot be the response any more is a message of its own.
        by_nonce = {f"r{interaction.id}": number for number, interaction in self._interactions.items()}
        for message in (message for messages in self.discord.world.messages.values() for message in messages):
            if message["author"]["id"] == BOT_ID and is_shown(message):
                replied_to = (message.get("message_reference") or {}).get("message_id", "")
                otherwise = by_message.get(replied_to) if replied_to else by_nonce.get(self.discord.world.nonce_of(message))
                place = by_response.get(message["id"], otherwise)
                trouble = any(embed.get("color") == COLOURS["trouble"] for embed in message["embeds"])
                # Escaped markup is shown without its backslashes.
                yield Shown(question=place, text=text_of(message).replace("\\", ""), trouble=trouble)


def _key(delivery: Delivery) -> str:
    """What marks the bot's messages that belong to a question."""
    event_id = str(delivery.payload.get("trigger_id") or delivery.payload.get("event_id"))
    return hashlib.sha256(event_id.encode()).hexdigest()[:24]


def _is_trouble(said: Said) -> bool:
    return MARKS["trouble"].strip() in shown_text(said)

"""A question that Discord was told is taken has one answer or one apology, also where the bot ends before it has handed it over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import desk as desk_
from bot.desk import Desk, Incoming, Reading, TakenIn
from bot.platforms.discord import client
from bot.reply import Reply
from engine.contract import SentimentRequest
from tests.bot.platforms.discord.stage import Stage, play
from tests.fakes.discord import CHANNEL, text_of
from workers.queue import names

ANSWER = "positive 90.0%"
REQUEST = SentimentRequest(text="I love it")
FILE = ("a.txt", b"I love it")


class HangingDesk(Desk):
    """Hands nothing over."""

    async def submit(self, reading: Reading, delivery: dict[str, Any]) -> str:
        await asyncio.Event().wait()
        return ""


class SlowDesk(Desk):
    """Takes its time to read."""

    async def read(self, incoming: Incoming, *, wait: bool = False, taken: TakenIn | None = None) -> Reading | Reply | None:
        found = await super().read(incoming, wait=wait, taken=taken)
        await asyncio.sleep(0.5)
        return found


async def taken_in(stage: Stage) -> None:
    """Until the bot has written down what it reads."""
    async with asyncio.timeout(20):
        while not stage.worker.connection.exists(names.intake("discord")):
            await asyncio.sleep(0.02)


async def ask(stage: Stage, how: str) -> None:
    if how == "mention":
        await stage.discord.mention("sentiment I love it")
    elif how == "mention with a file":
        await stage.discord.mention("sentiment", attachments=[FILE])
    elif how == "slash":
        await stage.discord.slash("sentiment", {"text": "I love it"})
    elif how == "slash with a file":
        await stage.discord.slash("sentiment", {"text": "-", "file": FILE})
    else:
        await stage.discord.context_menu("Read: sentiment", await stage.discord.say("I love it"))


def end_leases(stage: Stage) -> None:
    for key in stage.worker.connection.scan_iter(names.seen("discord", "*")):
        stage.worker.connection.delete(key)


@pytest.mark.parametrize("how", ["mention", "mention with a file", "slash", "slash with a file", "menu"])
def test_whatever_was_asked_is_taken_up_by_the_next_bot(redis_url: str, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(client, "CLOSING_S", 0.05)

    async def scene(stage: Stage) -> None:
        stage.desk.__class__ = HangingDesk
        await stage.start_bot()
        await ask(stage, how)
        await taken_in(stage)
        await stage.stop_bot()
        end_leases(stage)
        stage.desk.__class__ = Desk
        await stage.start_bot()
        await stage.discord.wait_for_message(lambda message: ANSWER in text_of(message))
        await stage.settled()
        assert len([message for message in stage.discord.messages_in() if ANSWER in text_of(message)]) == 1
        assert stage.worker.asked == [REQUEST]
        assert not stage.worker.connection.exists(names.intake("discord"))

    play(redis_url, scene, start=False)


def test_what_discord_counts_as_taken_is_written_down_already(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CLOSING_S", 0.05)

    async def scene(stage: Stage) -> None:
        stage.desk.__class__ = HangingDesk
        await stage.start_bot()
        interaction = await stage.discord.slash("sentiment", {"text": "I love it"})
        await asyncio.wait_for(interaction.acknowledged.wait(), 20)
        assert stage.worker.connection.hlen(names.intake("discord")) == 1

    play(redis_url, scene, start=False)


def test_a_message_that_was_deleted_meanwhile_is_not_taken_up(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CLOSING_S", 0.05)

    async def scene(stage: Stage) -> None:
        stage.desk.__class__ = HangingDesk
        await stage.start_bot()
        said = await stage.discord.mention("sentiment I love it")
        await taken_in(stage)
        await stage.stop_bot()
        end_leases(stage)
        stage.desk.__class__ = Desk
        stage.discord.world.messages[CHANNEL].remove(said)
        await stage.start_bot()
        async with asyncio.timeout(20):
            while stage.worker.connection.exists(names.intake("discord")):
                await asyncio.sleep(0.02)
        assert stage.worker.asked == []

    play(redis_url, scene, start=False)


@pytest.mark.parametrize("edited", ["never mind", "やっぱりいいです"])
def test_a_message_that_no_longer_speaks_to_the_bot_is_not_taken_up(redis_url: str, monkeypatch: pytest.MonkeyPatch, edited: str) -> None:
    monkeypatch.setattr(client, "CLOSING_S", 0.05)

    async def scene(stage: Stage) -> None:
        stage.desk.__class__ = HangingDesk
        await stage.start_bot()
        said = await stage.discord.mention("sentiment I love it")
        await taken_in(stage)
        await stage.stop_bot()
        end_leases(stage)
        stage.desk.__class__ = Desk
        stage.discord.world.fill(said, {"content": edited}, {})
        await stage.start_bot()
        async with asyncio.timeout(20):
            while stage.worker.connection.exists(names.intake("discord")):
                await asyncio.sleep(0.02)
        assert stage.worker.asked == []

    play(redis_url, scene, start=False)


def test_what_discord_cannot_tell_now_is_taken_up_later(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "CLOSING_S", 0.05)
    monkeypatch.setattr(desk_, "TAKE_UP_S", 0.2)

    async def scene(stage: Stage) -> None:
        stage.desk.__class__ = HangingDesk
        await stage.start_bot()
        await stage.discord.mention("sentiment I love it")
        await taken_in(stage)
        await stage.stop_bot()
        end_leases(stage)
        stage.desk.__class__ = Desk
        failed = stage.discord.fail("GET", f"*/{CHANNEL}/messages/*", status=400, code=0)
        await stage.start_bot()
        await stage.discord.wait_for_message(lambda message: ANSWER in text_of(message))
        assert failed.met == 1

    play(redis_url, scene, start=False)


def test_what_is_being_read_is_handed_over_before_the_bot_stops(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.worker.free.clear()
        stage.desk.__class__ = SlowDesk
        await stage.start_bot()
        await stage.discord.mention("sentiment I love it")
        await taken_in(stage)
        await stage.stop_bot()
        assert len(stage.worker.job_ids()) == 1

    play(redis_url, scene, start=False)


@pytest.mark.parametrize(("text", "shown"), [("I love it", "the chat refused it"), ("とてもよい", "チャットに受け付けられず")])
@pytest.mark.parametrize(("how", "locale"), [("mention", "en-US"), ("slash", "de")])
def test_an_answer_that_discord_refuses_leaves_an_apology_in_its_place(
    redis_url: str, how: str, locale: str, text: str, shown: str
) -> None:
    async def scene(stage: Stage) -> None:
        if how == "mention":
            stage.discord.fail("POST", f"*/{CHANNEL}/messages", status=400, code=50035)
            await stage.discord.mention(f"sentiment {text}")
        else:
            stage.discord.fail("PATCH", "*/@original", status=400, code=50035)
            await stage.discord.slash("sentiment", {"text": text}, locale=locale)
        apology = await stage.discord.wait_for_message()
        assert shown in text_of(apology)
        assert apology["channel_id"] == CHANNEL
        await stage.settled()
        assert len(stage.discord.answers_in()) == 1

    play(redis_url, scene)

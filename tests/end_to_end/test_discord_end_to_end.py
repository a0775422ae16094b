"""Discord, end to end: the real client on a fake of its protocol, a real Redis, and a real worker with the bundled models."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.platforms.discord import DiscordSettings, serve_discord
from tests.end_to_end.system import CASES, EXPLAINED, Case, System
from tests.fakes.discord import FakeDiscord

ACK_S = 3.0
PATIENCE_S = 120.0


@asynccontextmanager
async def on_discord(system: System, *, locale: str = "en-US") -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(locale=locale) as discord:
        settings = DiscordSettings(token=discord.token, api_url=discord.api_url, gateway_url=discord.gateway_url, cdn_url=discord.cdn_url)
        async with system.serving(lambda desk: serve_discord(settings, desk)):
            await discord.wait_until_ready(timeout_s=PATIENCE_S)
            yield discord


def shown(message: Any) -> str:
    """Everything that a person can read of a message."""
    return json.dumps([message.get("content"), message.get("embeds")], ensure_ascii=False)


def holds(*parts: str) -> Callable[[Any], bool]:
    return lambda message: all(part in shown(message) for part in parts)


def check_files(discord: FakeDiscord, message: Any, case: Case) -> None:
    if case.picture:
        *pictures, page = message["attachments"]
        assert pictures
        assert all(discord.bytes_of(picture).startswith(b"\x89PNG\r\n") for picture in pictures)
        assert page["filename"] == "attention.html"
        assert discord.bytes_of(page).startswith(b"<!doctype html>")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_discord_end_to_end_a_mention_is_answered_as_a_reply(system: System, case: Case) -> None:
    async def run() -> None:
        async with on_discord(system) as discord:
            asked = await discord.mention(f"{case.command} {case.text}")
            answer = await discord.wait_for_message(holds(*case.expected), timeout_s=PATIENCE_S)
            assert answer["message_reference"]["message_id"] == asked["id"]
            check_files(discord, answer, case)
            assert len(discord.answers_in()) == 1

    asyncio.run(run())


@pytest.mark.parametrize("case", EXPLAINED, ids=lambda case: case.text)
def test_discord_end_to_end_attention_is_explained_in_every_view(system: System, case: Case) -> None:
    async def run() -> None:
        async with on_discord(system) as discord:
            await discord.mention(f"{case.command} {case.text}")
            answer = await discord.wait_for_message(holds(*case.expected), timeout_s=PATIENCE_S)
            check_files(discord, answer, case)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("locale", "name", "options", "expected"),
    [
        ("ja", "sentiment", {"text": "この映画は本当に素晴らしかった！"}, "ポジティブ"),
        ("en-US", "ner", {"text": "Tim Cook is the CEO."}, "Tim Cook"),
        ("ja", "ask", {"question": "山田太郎はどこに入社した？", "context": "山田太郎はトヨタ自動車に入社した。"}, "トヨタ自動車"),
        ("en-US", "explain-attention", {"text": "I love this.", "layer": 5, "head": 2}, "positive"),
    ],
)
def test_discord_end_to_end_an_application_command_becomes_its_answer(
    system: System, locale: str, name: str, options: dict[str, Any], expected: str
) -> None:
    async def run() -> None:
        async with on_discord(system, locale=locale) as discord:
            interaction = await discord.slash(name, options, locale=locale)
            # On a busy machine a line of progress may stand in the response first.
            await discord.wait_for_message(
                lambda message: message["id"] == interaction.message_id and expected in shown(message), timeout_s=PATIENCE_S
            )

    asyncio.run(run())


def test_discord_end_to_end_a_busy_worker_delays_no_acknowledgement(system: System) -> None:
    async def run() -> None:
        async with on_discord(system) as discord:
            with system.busy_worker():
                started = time.monotonic()
                interaction = await discord.slash("sentiment", {"text": "とても満足しています。"}, locale="ja")
                while interaction.message_id is None:
                    assert time.monotonic() - started < ACK_S
                    await asyncio.sleep(0.02)
            answer = await discord.response_to(interaction, timeout_s=PATIENCE_S)
            assert "ポジティブ" in shown(answer)

    asyncio.run(run())


def test_discord_end_to_end_a_resume_that_delivers_an_event_twice_gives_one_answer(system: System) -> None:
    async def run() -> None:
        async with on_discord(system) as discord:
            await discord.mention("sentiment I love this.")
            await discord.wait_for_message(holds("positive"), timeout_s=PATIENCE_S)
            await discord.drop_connection(resume=True, again=1)
            await discord.wait_until_ready(connections=2, timeout_s=PATIENCE_S)
            await discord.mention("ner Tim Cook is the CEO.")
            await discord.wait_for_message(holds("Tim Cook"), timeout_s=PATIENCE_S)
            assert len(discord.answers_in()) == 2

    asyncio.run(run())

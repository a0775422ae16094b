"""Discord is asked: token, intent, servers, how often the bot may connect, and the clock, each right and each wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.operating.discord import check_discord
from bot.operating.finding import Finding
from bot.settings import Settings
from tests.bot.operating.findings import assert_bilingual, by_name
from tests.fakes.discord import BOT_ID, TOKEN, FakeDiscord

MESSAGE_CONTENT = 1 << 15


def looked_at(settings: Settings, prepare: Callable[[FakeDiscord], object] = lambda discord: None) -> dict[str, Finding]:
    async def run() -> list[Finding]:
        async with FakeDiscord() as discord:
            prepare(discord)
            return await check_discord(settings, base_url=discord.api_url)

    found = asyncio.run(run())
    assert_bilingual(found)
    assert not settings.discord_token or settings.discord_token not in repr(found)
    return by_name(found)


@pytest.fixture
def discord_settings(settings: Settings) -> Settings:
    return replace(settings, discord_token=TOKEN)


def test_without_a_token_discord_is_left_out(settings: Settings) -> None:
    assert [finding.state for finding in looked_at(settings).values()] == ["skipped"]


def test_a_bot_as_the_guide_makes_it_is_well(discord_settings: Settings) -> None:
    found = looked_at(discord_settings)
    names = ("discord", "discord.intents", "discord.gateway", "clock.discord")
    assert {name: finding.state for name, finding in found.items()} == dict.fromkeys(names, "ok")
    assert BOT_ID in found["discord"].found.ja
    assert "on 2 servers" in found["discord"].found.en
    assert "1 shard recommended; may connect 999 more times today, of 1000" in found["discord.gateway"].found.en


@pytest.mark.parametrize("token", ["a-token-that-is-not-right", "トークンではない長い文字列です、これは", "two words of a token"])
def test_a_wrong_token_is_said(discord_settings: Settings, token: str) -> None:
    [found] = looked_at(replace(discord_settings, discord_token=token)).values()
    assert (found.name, found.state) == ("discord", "error")
    assert "DISCORD_TOKEN" in found.found.ja


@pytest.mark.parametrize(("granted", "state"), [(MESSAGE_CONTENT, "ok"), (0, "error")])
def test_an_intent_that_is_asked_for_must_be_granted(discord_settings: Settings, granted: int, state: str) -> None:
    def prepare(discord: FakeDiscord) -> None:
        discord.gateway.allowed_privileged = granted

    found = looked_at(replace(discord_settings, discord_message_content=True), prepare)["discord.intents"]
    assert found.state == state
    assert "Message Content Intent" in found.found.ja


def test_a_bot_on_no_server_should_be_invited(discord_settings: Settings) -> None:
    def prepare(discord: FakeDiscord) -> None:
        discord.world.guild_count = 0

    assert looked_at(discord_settings, prepare)["discord"].state == "warning"


@pytest.mark.parametrize(("left", "state"), [(0, "error"), (3, "warning"), (500, "ok")])
def test_a_bot_that_may_hardly_connect_any_more_is_said(discord_settings: Settings, left: int, state: str) -> None:
    def prepare(discord: FakeDiscord) -> None:
        discord.world.starts_left = left

    assert looked_at(discord_settings, prepare)["discord.gateway"].state == state


@pytest.mark.parametrize(("shards", "state"), [(0, "ok"), (2, "warning"), (4, "ok")])
def test_fewer_shards_than_discord_recommends_are_said(discord_settings: Settings, shards: int, state: str) -> None:
    def prepare(discord: FakeDiscord) -> None:
        discord.gateway.recommended_shards = 4

    found = looked_at(replace(discord_settings, discord_shards=shards), prepare)["discord.gateway"]
    assert found.state == state
    assert "推奨シャード数 4" in found.found.ja


@pytest.mark.parametrize(("ahead_s", "state"), [(20.0, "warning"), (-90.0, "error")])
def test_discords_clock_is_compared(discord_settings: Settings, ahead_s: float, state: str) -> None:
    def prepare(discord: FakeDiscord) -> None:
        discord.world.clock_ahead_s = ahead_s

    assert looked_at(discord_settings, prepare)["clock.discord"].state == state


def test_a_discord_in_trouble_is_said(discord_settings: Settings) -> None:
    [found] = looked_at(discord_settings, lambda discord: discord.fail("GET", "*/gateway/bot", status=503)).values()
    assert (found.state, "503" in found.found.en) == ("error", True)


def test_a_discord_that_cannot_be_reached_is_said(discord_settings: Settings) -> None:
    [found] = asyncio.run(check_discord(discord_settings, base_url="http://127.0.0.1:9"))
    assert found.state == "error"
    assert_bilingual([found])

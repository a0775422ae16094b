"""Platforms are served side by side: one that cannot be used says so in a line, and the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.desk import Desk
from bot.errors import PlatformError, SettingsError
from bot.serving import Service, chosen_services, open_desk, serve
from bot.settings import Settings, read_settings
from engine.contract import Message

SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
DISCORD = {"DISCORD_TOKEN": "a-token-of-twenty-letters"}


def service(name: str, work: Callable[[Desk], Awaitable[None]]) -> Service:
    return Service(name=name, serve=work)


def test_a_wrong_token_is_one_line_and_the_others_go_on(redis_url: str) -> None:
    lines: list[Message] = []
    served: list[str] = []

    async def wrong(desk: Desk) -> None:
        raise PlatformError(ja="トークンが違います。", en="The token is wrong.")

    async def right(desk: Desk) -> None:
        await asyncio.sleep(0)
        served.append("web")

    async def run() -> bool:
        async with open_desk(Settings(), redis_url) as desk:
            return await serve([service("slack", wrong), service("web", right)], desk, lines.append)

    assert asyncio.run(run()) is False
    assert served == ["web"]
    assert lines == [Message(ja="slack: トークンが違います。", en="slack: The token is wrong.")]


@pytest.mark.parametrize(
    ("environment", "served"),
    [({}, ["web"]), (SLACK, ["web", "slack"]), (DISCORD, ["web", "discord"]), (SLACK | DISCORD, ["web", "slack", "discord"])],
)
def test_without_names_everything_with_tokens_is_served(environment: dict[str, str], served: list[str]) -> None:
    lines: list[Message] = []
    found = chosen_services(read_settings(environment), (), lines.append)
    assert [service.name for service in found] == served
    told = " ".join(line.en for line in lines)
    assert ("SLACK_BOT_TOKEN" in told, "DISCORD_TOKEN" in told) == ("slack" not in served, "discord" not in served)


@pytest.mark.parametrize(("shards", "ids"), [("2", "0-2"), ("", "0")])
def test_a_shard_that_there_is_not_is_said_with_its_number_in_both_languages(shards: str, ids: str) -> None:
    settings = read_settings(DISCORD | {"YOMITE_DISCORD_SHARDS": shards, "YOMITE_DISCORD_SHARD_IDS": ids})
    with pytest.raises(SettingsError) as caught:
        chosen_services(settings, ["discord"], lambda line: None)
    last = ids[-1]
    for told in (caught.value.message.ja, caught.value.message.en):
        assert "YOMITE_DISCORD_SHARD_IDS" in told
        assert last in told
        assert f"{int(last) + 1}" in told
    lines: list[Message] = []
    assert [service.name for service in chosen_services(settings, (), lines.append)] == ["web"]
    assert caught.value.message in lines


@pytest.mark.parametrize("name", ["slack", "discord"])
def test_a_platform_that_is_named_needs_its_tokens(name: str) -> None:
    with pytest.raises(SettingsError, match=name.upper()):
        chosen_services(Settings(), [name], lambda line: None)


def test_a_platform_that_does_not_exist_is_an_error_that_lists_those_that_do() -> None:
    with pytest.raises(SettingsError, match="web, slack, discord"):
        chosen_services(Settings(), ["teams"], lambda line: None)


def test_a_bot_token_alone_is_told_which_other_secret_is_missing() -> None:
    with pytest.raises(SettingsError) as caught:
        chosen_services(Settings(slack_bot_token="xoxb-1"), ["slack"], lambda message: None)
    for words in (caught.value.message.ja, caught.value.message.en):
        assert "SLACK_APP_TOKEN" in words
        assert "SLACK_SIGNING_SECRET" in words
        assert "SLACK_BOT_TOKEN" not in words

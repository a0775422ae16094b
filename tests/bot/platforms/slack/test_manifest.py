"""The manifest that people paste is the one that the list of commands makes, and Slack would take it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.commands import COMMANDS
from bot.platforms.slack.manifest import SHORTCUTS, TAKEN, line_of_slash, manifest, manifest_text, slash_name
from tests.fakes.slack.scopes import GIVEN

FILE = Path(__file__).parents[4] / "docs" / "slack-manifest.json"


def test_the_committed_manifest_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == manifest_text(), "run: python -m tools.slack_manifest"


def test_every_command_has_a_name_that_slack_takes() -> None:
    listed = manifest()["features"]["slash_commands"]
    assert {slash_name(command) for command in COMMANDS} | {"/yomite"} == {command["command"] for command in listed}
    for command in listed:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert command["command"].removeprefix("/") not in TAKEN
        assert len(command["description"]) <= 2_000
        assert command.get("usage_hint", "x")
        assert "[--joined]" in command["usage_hint"] if command["command"] == "/explain-attention" else True


def test_every_command_is_found_under_its_name_on_slack() -> None:
    assert [line_of_slash(slash_name(command), "x") for command in COMMANDS] == [f"/{command.name} x" for command in COMMANDS]


def test_shortcuts_are_short_and_read_one_text() -> None:
    shortcuts = manifest()["features"]["shortcuts"]
    assert len(shortcuts) == len(SHORTCUTS)
    assert all(len(shortcut["name"]) <= 24 and len(shortcut["description"]) <= 150 for shortcut in shortcuts)
    assert all(command.takes in ("text", "pair") for command in COMMANDS if command.name in SHORTCUTS)


@pytest.mark.parametrize(("url", "by_socket"), [("", True), ("https://yomite.example.com/slack/events", False)])
def test_the_manifest_is_for_socket_mode_or_for_an_address(url: str, by_socket: bool) -> None:
    made = manifest(url=url)
    assert made["settings"]["socket_mode_enabled"] is by_socket
    assert (url in json.dumps(made)) if url else ("url" not in json.dumps(made))
    assert all(command.get("url", "") == url for command in made["features"]["slash_commands"])


def test_the_bot_asks_for_no_more_than_it_needs() -> None:
    scopes = manifest()["oauth_config"]["scopes"]
    assert list(scopes) == ["bot"]
    assert not [
        scope
        for scope in scopes["bot"]
        if scope.startswith(("admin", "users:read.", "users:write", "users.", "chat:write.", "channels:read"))
    ]


def test_the_fake_slack_was_given_the_scopes_that_the_manifest_asks_for() -> None:
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == GIVEN

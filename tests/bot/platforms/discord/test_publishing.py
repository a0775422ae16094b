"""Discord's list of commands is the one list of commands, in English and Japanese, and is told only where it has changed."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.commands import COMMANDS
from bot.platforms.discord.commands import message_menus, slash_commands
from bot.platforms.discord.publishing import is_same, payload_of
from bot.platforms.discord.translations import JapaneseTranslator
from tests.bot.platforms.discord.stage import Stage, play
from tests.fakes.discord.checks import COMMAND_NAME, check_commands


@pytest.fixture(scope="module")
def payload() -> list[dict[str, Any]]:
    async def nothing(*_: Any) -> None:
        """Never chosen."""

    async def made() -> list[dict[str, Any]]:
        tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
        await tree.set_translator(JapaneseTranslator())
        for command in slash_commands(nothing):
            tree.add_command(command)
        for menu in message_menus(nothing):
            tree.add_command(menu)
        return await payload_of(tree)

    return asyncio.run(made())


def slash_of(payload: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {command["name"]: command for command in payload if command["type"] == 1}


def test_there_is_a_slash_command_for_each_command_and_no_other(payload: list[dict[str, Any]]) -> None:
    assert set(slash_of(payload)) == {command.name for command in COMMANDS}


def test_each_command_has_its_options_a_way_to_be_private_and_where_it_reads_a_file(payload: list[dict[str, Any]]) -> None:
    for command in COMMANDS:
        names = [option["name"] for option in slash_of(payload)[command.name]["options"]]
        assert [name for name in names if name in {option.name for option in command.options}] == [o.name for o in command.options]
        assert names[-1] == "private"
        assert ("file" in names) == (command.takes != "nothing")


def test_discord_would_take_the_list(payload: list[dict[str, Any]]) -> None:
    check_commands(payload)


def test_everything_that_people_read_is_there_in_japanese(payload: list[dict[str, Any]]) -> None:
    for command in payload:
        if command["type"] == 3:
            assert command["name_localizations"]["ja"].startswith("読む：")
            continue
        assert command["description_localizations"]["ja"]
        for option in command["options"]:
            assert COMMAND_NAME.match(option["name_localizations"]["ja"])
            assert option["description_localizations"]["ja"] != option["description"]


def test_numbers_and_choices_are_as_the_commands_say(payload: list[dict[str, Any]]) -> None:
    options = {(command["name"], option["name"]): option for command in payload for option in command.get("options", [])}
    assert (options["ask", "answers"]["min_value"], options["ask", "answers"]["max_value"]) == (1, 20)
    assert options["explain-attention", "layer"]["type"] == 4
    assert options["explain-attention", "joined"]["type"] == 5
    assert [choice["value"] for choice in options["explain-attention", "view"]["choices"]][:2] == ["map", "heads"]
    assert options["explain-attention", "text2"]["required"] is False
    assert [choice["value"] for choice in options["similar", "pooling"]["choices"]] == ["mean", "max", "cls"]
    assert [choice["value"] for choice in options["help", "command"]["choices"]] == [command.name for command in COMMANDS]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda command: None, True),
        (lambda command: command.update(id="1", version="2", handler=None), True),
        (lambda command: command.pop("nsfw"), True),
        (lambda command: command.update(description="another"), False),
        (lambda command: command.update(name="another"), False),
        (lambda command: command["options"].pop(), False),
        (lambda command: command["description_localizations"].update(ja="別"), False),
        (lambda command: command["options"][0].update(required=False), False),
    ],
)
def test_a_change_that_people_see_is_one(payload: list[dict[str, Any]], change: Any, same: bool) -> None:
    known = copy.deepcopy(payload)
    change(known[0])
    assert is_same(payload, known) is same


def test_the_list_is_published_once_and_again_only_after_a_change(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        world = stage.discord.world
        await stage.stop_bot()
        await stage.start_bot()
        await world.wait_until(lambda: [path for method, path in stage.discord.rest.requests].count(commands_path) >= 3, 20)
        assert world.times_published == 1
        await stage.stop_bot()
        world.commands[0]["description"] = "an older one"
        await stage.start_bot()
        await world.wait_until(lambda: world.times_published == 2, 20)

    commands_path = "/api/v10/applications/900000000000000001/commands"
    play(redis_url, scene)


def test_a_bot_whose_list_cannot_be_told_answers_all_the_same(redis_url: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.discord.world.commands = [{"id": "1", "name": "sentiment", "type": 1}]
        stage.discord.fail("PUT", "*/commands", status=403, code=50001)
        await stage.start_bot()
        await stage.discord.mention("sentiment I love it")
        await stage.discord.wait_for_message()

    play(redis_url, scene, start=False)

"""Discord's application commands: one for each Command, and the menus that stand on a message."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.language import both
from bot.platforms.discord.parameters import Parameter, parameters_of
from bot.platforms.discord.translations import bilingual
from engine.contract import Message

Chosen = Callable[[discord.Interaction, Command[Any, Any], dict[str, Any]], Awaitable[None]]
ChosenOnMessage = Callable[[discord.Interaction, Command[Any, Any], discord.Message], Awaitable[None]]

# Discord takes 5 of them. The blank that /fill-mask needs stands in no message by chance.
MENUS: dict[str, Message] = {
    "sentiment": both("読む：感情", "Read: sentiment"),
    "ner": both("読む：固有名", "Read: entities"),
    "explain-attention": both("読む：注意の図", "Read: attention"),
    "tokens": both("読む：トークン", "Read: tokens"),
}


def slash_commands(chosen: Chosen) -> list[app_commands.Command[Any, ..., Any]]:
    """A slash command for each Command; `chosen` gets what the person filled in, by the English names."""
    return [_slash_command(command, chosen) for command in COMMANDS]


def message_menus(chosen: ChosenOnMessage) -> list[app_commands.ContextMenu]:
    """The menus on a message."""
    return [_message_menu(command, MENUS[command.name], chosen) for command in COMMANDS if command.name in MENUS]


def _slash_command(command: Command[Any, Any], chosen: Chosen) -> app_commands.Command[Any, ..., Any]:
    parameters = parameters_of(command)
    names = {_identifier(parameter): parameter for parameter in parameters}

    async def callback(interaction: discord.Interaction, **given: Any) -> None:
        await chosen(interaction, command, {names[name].name.en: value for name, value in given.items()})

    # Discord.py reads a command's form from the callback's signature.
    callback.__signature__ = _signature(parameters)  # type: ignore[attr-defined]  # functions take any attribute
    described = app_commands.describe(**{name: bilingual(parameter.meaning) for name, parameter in names.items()})(callback)
    renamed = app_commands.rename(**{name: bilingual(parameter.name) for name, parameter in names.items()})(described)
    choices = {
        name: [app_commands.Choice(name=choice, value=choice) for choice in parameter.choices]
        for name, parameter in names.items()
        if parameter.choices
    }
    finished = app_commands.choices(**choices)(renamed) if choices else renamed
    return app_commands.Command(name=command.name, description=bilingual(command.summary), callback=finished)


def _identifier(parameter: Parameter) -> str:
    """A name that Python takes, too: "with" is none."""
    return f"{parameter.name.en.replace('-', '_')}_"


def _signature(parameters: list[Parameter]) -> inspect.Signature:
    interaction = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction)
    taken = [
        inspect.Parameter(
            _identifier(parameter),
            inspect.Parameter.KEYWORD_ONLY,
            annotation=parameter.kind,
            default=inspect.Parameter.empty if parameter.required else None,
        )
        for parameter in parameters
    ]
    return inspect.Signature([interaction, *taken])


def _message_menu(command: Command[Any, Any], name: Message, chosen: ChosenOnMessage) -> app_commands.ContextMenu:
    async def callback(interaction: discord.Interaction, message: discord.Message) -> None:
        await chosen(interaction, command, message)

    return app_commands.ContextMenu(name=bilingual(name), callback=callback)

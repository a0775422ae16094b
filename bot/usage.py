"""What is wrong with a command line, in the words that chat uses too: typer says it in English only, and in its own."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

import typer

from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.conversation import no_command, with_example
from bot.errors import CommandError
from bot.grammar import missing_value, start_of, unknown_option
from bot.language import both

_TOO_MANY = re.compile(r"Got unexpected extra argument\(s\) \((?P<words>.*)\)", re.DOTALL)
_NO_COMMAND = re.compile(r"No such command ['\"](?P<name>.*?)['\"]\..*", re.DOTALL)


def usage_error(error: typer.TyperException, words: Sequence[str]) -> CommandError:
    """What typer found wrong with `words`, which begin with the name of a command or an option, and where to see what is right."""
    command = next((command for command in COMMANDS if command.name == words[0]), None)
    # typer gives most of its errors the context of the command that was read.
    context: typer.Context | None = getattr(error, "ctx", None)
    found = _explained(error, command, context)
    if command is not None:
        return with_example(found, command, shell=True)
    path = context.command_path if context else " ".join(["yomite", *words[:1]])
    return CommandError(ja=f"{found.message.ja}\n使い方：{path} --help", en=f"{found.message.en}\nUsage: {path} --help")


def _explained(error: typer.TyperException, command: Command[Any, Any] | None, context: typer.Context | None) -> CommandError:
    message = error.format_message()
    if name := str(getattr(error, "option_name", "")).lstrip("-"):
        return _of_option(name, message, command, context)
    if found := _TOO_MANY.fullmatch(message):
        first = start_of(found["words"])
        return CommandError(ja=f"「{first}」が余分です。", en=f"{first!r} is too much here.")
    if (found := _NO_COMMAND.fullmatch(message)) and context:
        names = list(getattr(context.command, "commands", ()))
        near = difflib.get_close_matches(found["name"], names, n=1, cutoff=0.5)
        path = context.command_path
        return no_command(f"{path} {start_of(found['name'])}", meant=f"{path} {near[0]}" if near else "", listed=", ".join(names))
    return CommandError(ja=f"コマンドの書き方が違います（{message}）。", en=message)


def _of_option(name: str, message: str, command: Command[Any, Any] | None, context: typer.Context | None) -> CommandError:
    """The error for `--name`: there is none, or its value is missing, or it has one and takes none."""
    if "does not take a value" in message:
        return CommandError(ja=f"--{name} に値は付けられません。", en=f"--{name} takes no value.")
    if "requires" in message:
        option = next((option for option in command.options if option.name == name), None) if command else None
        return missing_value(option) if option else CommandError(ja=f"--{name} の値がありません。", en=f"--{name} needs a value.")
    known = _options(context) if context else []
    escape = both("文章の前に -- を置いてください。", "put -- before the text.") if command and command.takes != "nothing" else None
    return unknown_option(name, known, escape=escape)


def _options(context: typer.Context) -> list[str]:
    """Every option of the command that was read, in the order of its help."""
    parameters = context.command.get_params(context)
    return [name.lstrip("-") for each in parameters if each.param_type_name == "option" for name in each.opts]

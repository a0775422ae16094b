"""From a line that a person typed to the Reply they see; every platform goes through here."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.commands.help import HelpRequest
from bot.commands.models import ModelsRequest
from bot.errors import CommandError
from bot.grammar import Option, OptionValue, plain_name, read_arguments, read_command_name
from bot.language import Speech
from bot.reply import Paragraph, Reply
from engine.contract import Failure, Message, Request, Result
from workers.queue import Queue

AnyRequest = Request | HelpRequest | ModelsRequest


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A line that is a command: what is asked, and how its Result becomes a Reply.

    `extras` are the values of the platform's own options.
    """

    command: Command[Any, Any]
    request: AnyRequest
    extras: dict[str, OptionValue]


def understand(
    line: str, *, extra_options: Sequence[Option] = (), attach: Callable[[dict[str, OptionValue]], str | None] | None = None
) -> Understood:
    """Read a line such as `/sentiment この映画は…`.

    `extra_options` are a platform's own, e.g. a file to read; `attach` gets their values and gives the text that comes along.

    Raises:
        CommandError: not a command, or one that is not written as it should be.
    """
    command, body = find_command(line)
    options = (*command.options, *(extra_options if command.options else ()))
    try:
        arguments = read_arguments(body, options)
        extras = {option.name: arguments.options[option.name] for option in extra_options if option.name in arguments.options}
        if attach is not None:
            arguments = replace(arguments, attached=attach(extras))
        return Understood(command=command, request=command.parse(arguments), extras=extras)
    except CommandError as error:
        raise with_example(error, command) from error


def find_command(line: str) -> tuple[Command[Any, Any], str]:
    """The command that a line names, and what follows the name.

    Raises:
        CommandError: there is none, or no such command.
    """
    by_name = {name: command for command in COMMANDS for name in command.names}
    found = read_command_name(line, list(by_name))
    if found is None:
        raise _no_command(line)
    name, body = found
    if name not in by_name:
        raise unknown_command(name)
    return by_name[name], body


def answer(understood: Understood, queue: Queue, *, timeout_s: float | None = None) -> Result | Failure | Any:
    """What the one who knows says to the request: the engine, the catalog, or the list of commands. May wait."""
    request = understood.request
    if isinstance(request, HelpRequest):
        return COMMANDS
    if isinstance(request, ModelsRequest):
        return queue.models()
    return queue.result(queue.submit(request), timeout_s=timeout_s)


def reply_to(understood: Understood, outcome: Any, speech: Speech) -> Reply:
    """What the person sees of an outcome."""
    if isinstance(outcome, Failure):
        return failure_reply(outcome.message, speech)
    return understood.command.render(understood.request, outcome, speech)


def failure_reply(message: Message, speech: Speech) -> Reply:
    """A Reply that says what went wrong; the first line is its title."""
    title, _, rest = message.in_language(speech).partition("\n")
    return Reply(title=title, brief=title, tone="trouble", blocks=(Paragraph(text=rest),) if rest else (), failed=True)


def unknown_command(name: str, *, shell: bool = False) -> CommandError:
    """The error for a command that does not exist, as it is written in chat or in a `shell`."""
    names = [known for command in COMMANDS for known in command.names]
    near = difflib.get_close_matches(plain_name(name), names, n=1, cutoff=0.5)
    slash = "yomite " if shell else "/"
    listed = ", ".join(command.name if shell else f"/{command.name}" for command in COMMANDS)
    return CommandError(
        ja=f"{slash}{name} というコマンドはありません。" + (f"{slash}{near[0]} のことですか？ " if near else "") + f"使えるもの：{listed}",
        en=f"There is no command {slash}{name}. " + (f"Did you mean {slash}{near[0]}? " if near else "") + f"There are: {listed}",
    )


def with_example(error: CommandError, command: Command[Any, Any], *, shell: bool = False) -> CommandError:
    """The same error with a line that shows the command written right, in chat or in a `shell`."""
    example = shell_example if shell else chat_example
    return CommandError(ja=f"{error.message.ja}\n例：{example(command, 'ja')}", en=f"{error.message.en}\nExample: {example(command, 'en')}")


def chat_example(command: Command[Any, Any], speech: Speech) -> str:
    """A right command as one types it in chat."""
    return f"/{command.name} {command.example.in_language(speech)}".rstrip()


def shell_example(command: Command[Any, Any], speech: Speech) -> str:
    """A right command as one types it in a shell, its texts in quotes."""
    arguments = read_arguments(command.example.in_language(speech), command.options)
    words = arguments.texts if command.takes in ("texts", "question") else (arguments.text,)
    options = [f"--{name} {value}" for name, value in arguments.options.items()]
    return " ".join(["yomite", command.name, *(f'"{word}"' for word in words if word), *options])


def _no_command(line: str) -> CommandError:
    text = " ".join(line.split())
    if len(text) > 40:
        text = text[:39] + "…"
    return CommandError(
        ja=f"どう読めばよいか、先頭にコマンドを付けてください。\n例：/sentiment {text}\n一覧は /help で見られます。",
        en=f"Say how to read it: begin with a command.\nExample: /sentiment {text}\n/help lists all of them.",
    )

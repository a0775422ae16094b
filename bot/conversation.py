"""From a line that a person typed to the Reply they see; every platform goes through here."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.commands import COMMANDS, help as help_
from bot.commands.cancel import CancelRequest, CancelResult
from bot.commands.command import Command
from bot.commands.help import HelpRequest
from bot.commands.models import ModelsRequest
from bot.commands.status import StatusRequest, StatusResult
from bot.errors import CommandError
from bot.grammar import Arguments, Option, OptionValue, plain_name, read_arguments, read_command_name, start_of
from bot.language import Speech, both
from bot.reply import Paragraph, Reply
from engine.contract import ExplainAttentionRequest, Failure, Message, Request, Result, task_of
from workers.queue import ModelRow

if TYPE_CHECKING:
    from workers.queue.door import JobQueue
    from workers.queue.local import Queue

# What the bot answers itself, without a job.
LocalRequest = HelpRequest | ModelsRequest | StatusRequest | CancelRequest
AnyRequest = Request | LocalRequest

_BLANK = " \t\r\n\u3000,、，:："  # what may stand between a mention and the command
_MEANT = 0.8  # a first word this like a command's name was meant as one


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A line that is a command: what is asked, and how its Result becomes a Reply.

    `extras` are the values of the platform's own options.
    """

    command: Command[Any, Any]
    request: AnyRequest
    extras: dict[str, OptionValue]


def understand(
    line: str,
    *,
    extra_options: Sequence[Option] = (),
    attach: Callable[[dict[str, OptionValue]], str | None] | None = None,
    slash_optional: bool = False,
    arguments: Arguments | None = None,
) -> Understood:
    """Read a line such as `/sentiment この映画は…`.

    `extra_options` are a platform's own, e.g. a file to read; `attach` gets their values and gives the text that comes along.
    With `slash_optional`, as after a mention, the first word is the command, and an empty line asks for help, as a slash alone always
    does. `arguments` are there where the platform's own form has taken the command apart; the line then only names it.

    Raises:
        CommandError: not a command, or one that is not written as it should be.
    """
    command, body = find_command(line, slash_optional=slash_optional)
    options = (*command.options, *(extra_options if command.options else ()))
    try:
        arguments = arguments or read_arguments(body, options)
        extras = {option.name: arguments.options[option.name] for option in extra_options if option.name in arguments.options}
        if attach is not None:
            arguments = replace(arguments, attached=attach(extras))
        return Understood(command=command, request=command.parse(arguments), extras=extras)
    except CommandError as error:
        raise with_example(error, command) from error


def right_with_a_text(understood: Callable[[str], object]) -> bool:
    """Whether a line is right as soon as a text comes along; `understood` reads it with one. What else is wrong with it comes first."""
    try:
        understood("…\n…")  # of two lines: two texts for a command that needs as many
    except CommandError:
        return False
    return True


def find_command(line: str, *, slash_optional: bool = False) -> tuple[Command[Any, Any], str]:
    """The command that a line names, and what follows the name; see `understand` for `slash_optional`.

    Raises:
        CommandError: there is none, or no such command.
    """
    by_name = {name: command for command in COMMANDS for name in command.names}
    if not line.strip(_BLANK + "/／") and (slash_optional or "/" in line or "／" in line):
        return help_.COMMAND, ""  # nothing, or a slash alone, as who wants to see what there is
    found = read_command_name(line, list(by_name), slash_optional=slash_optional)
    if found is None:
        raise _no_command(line, in_chat=slash_optional)
    name, body = found
    name = name if name in by_name else name.rstrip("?!。")  # "@Yomite help!"
    if name in by_name:
        return by_name[name], body
    if line.lstrip(_BLANK)[:1] in ("/", "／") or difflib.get_close_matches(name, by_name, n=1, cutoff=_MEANT):
        raise unknown_command(name)
    raise _no_command(line, in_chat=slash_optional)


def answer(understood: Understood, open_queue: Callable[[], Queue], *, timeout_s: float | None = None) -> Result | Failure | Any:
    """What the one who knows says to the request: the engine, the queue, the catalog, or the list of commands. May wait.

    The queue is opened where it is needed.
    """
    request = understood.request
    if isinstance(request, HelpRequest):
        return COMMANDS
    queue = open_queue()
    if isinstance(request, ModelsRequest):
        return queue.models()
    if isinstance(request, LocalRequest):
        return answer_here(request, queue.door(), platform="terminal", person="")
    return queue.result(queue.submit(request), timeout_s=timeout_s)


def answer_here(
    request: LocalRequest, queue: JobQueue, *, platform: str, person: str, commands: Sequence[Command[Any, Any]] = COMMANDS
) -> Any:
    """What the bot answers itself: the outcome that the command's `render` takes, or a Failure. Asks Redis.

    `commands` are those that the person may use.

    Raises:
        redis.exceptions.RedisError: it cannot be reached.
    """
    match request:
        case HelpRequest():
            return commands
        case ModelsRequest():
            return queue.models()
        case StatusRequest():
            return StatusResult(queue=queue.status(), mine=len(queue.jobs_of(platform, person)))
        case CancelRequest():
            return CancelResult(cancelled=len(queue.cancel_all_of(platform, person)))


def check_model(request: Request, rows: Sequence[ModelRow]) -> None:
    """Whether a person in a chat may use the models that they name: only those of the catalog for the task.

    At the terminal any folder and any download may be named: it is the person's own machine. Attention can be explained of any model
    that the catalog has, whatever it is for.

    Raises:
        CommandError: it is none of these; the message lists them.
    """
    explained = isinstance(request, ExplainAttentionRequest)
    names = list(dict.fromkeys(row.model for row in rows if explained or row.task == str(task_of(request))))
    named = {"model": request.model, "with": request.other_model if isinstance(request, ExplainAttentionRequest) else None}
    for option, model in named.items():
        if model is not None and model not in names:
            listed = ", ".join(names) or "-"
            raise CommandError(
                ja=f"--{option} に「{start_of(model)}」は使えません。チャットで使えるのはカタログのモデルだけです：{listed}",
                en=f"--{option} cannot be {start_of(model)!r}. In chat only models of the catalog can be used: {listed}",
            )


def reply_to(understood: Understood, outcome: Any, speech: Speech) -> Reply:
    """What the person sees of an outcome."""
    if isinstance(outcome, Failure):
        return failure_reply(outcome.message, speech)
    return understood.command.render(understood.request, outcome, speech)


def failure_reply(message: Message, speech: Speech, *, only_asker: bool = False) -> Reply:
    """A Reply that says what went wrong; the first line is its title."""
    title, _, rest = message.in_language(speech).partition("\n")
    return Reply(
        title=title, brief=title, tone="trouble", blocks=(Paragraph(text=rest),) if rest else (), failed=True, only_asker=only_asker
    )


def unknown_command(name: str, *, shell: bool = False, beside: Sequence[str] = ()) -> CommandError:
    """The error for a command that does not exist, as it is written in chat or in a `shell`, which has some `beside` those of a chat."""
    names = [known for command in COMMANDS for known in command.names]
    near = difflib.get_close_matches(plain_name(name), [*names, *beside], n=1, cutoff=0.5)
    slash = "yomite " if shell else "/"
    listed = ", ".join([*(command.name if shell else f"/{command.name}" for command in COMMANDS), *beside])
    return no_command(f"{slash}{start_of(name)}", meant=f"{slash}{near[0]}" if near else "", listed=listed)


def no_command(written: str, *, meant: str, listed: str) -> CommandError:
    """The error for `written`, with what may have been meant, if anything, and which there are."""
    return CommandError(
        ja=f"{written} というコマンドはありません。" + (f"{meant} のことですか？ " if meant else "") + f"使えるもの：{listed}",
        en=f"There is no command {written}. " + (f"Did you mean {meant}? " if meant else "") + f"There are: {listed}",
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
    words = arguments.texts if command.takes in ("pair", "texts", "question") else (arguments.text,)
    options = [f"--{name} {value}" for name, value in arguments.options.items()]
    return " ".join(["yomite", command.name, *(f'"{word}"' for word in words if word), *options])


def _no_command(line: str, *, in_chat: bool) -> CommandError:
    text = start_of(" ".join(line.split()))
    slack = both("（Slack では /yomite-help）", " (on Slack: /yomite-help)") if in_chat else both("", "")
    return CommandError(
        ja=f"どう読めばよいか、先頭にコマンドを付けてください。\n例：/sentiment {text}\n一覧は /help で見られます{slack.ja}。",
        en=f"Say how to read it: begin with a command.\nExample: /sentiment {text}\n/help lists all of them{slack.en}.",
    )

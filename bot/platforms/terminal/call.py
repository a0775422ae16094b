"""One command from a shell: gather its texts from words, files and standard input, answer, print, and give the exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.attachments import TextRead
from bot.commands import COMMANDS
from bot.commands.cancel import CancelResult
from bot.commands.command import Command
from bot.commands.status import StatusResult
from bot.conversation import Understood, answer, failure_reply, reply_to, with_example
from bot.errors import CommandError
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.grammar import Arguments, OptionValue, arguments_of_words
from bot.language import Speech
from bot.platforms.plain import json_escaped, plain
from bot.platforms.terminal.draw import draw, make_console, waiting
from bot.platforms.terminal.files import is_table, read_stdin, read_text
from bot.platforms.terminal.pictures import as_asked, as_json_with_files, belongings_of, write_belongings
from bot.settings import Settings
from engine.contract import CONTRACT_VERSION, Failure, Message, to_json
from workers.queue import ModelRow

if TYPE_CHECKING:
    from workers.queue.local import Queue

STDIN = "-"


@dataclass(frozen=True, kw_only=True)
class Call:
    """What stood on the command line. `options` are read already."""

    command: Command[Any, Any]
    words: tuple[str, ...] = ()
    options: dict[str, OptionValue]
    file: Path | None = None
    column: str | None = None
    output: Path | None = None
    as_json: bool = False
    as_json_lines: bool = False


def answer_call(call: Call, settings: Settings, open_queue: Callable[[], Queue]) -> int:
    """Answer one command and return the exit code. The queue is opened once it is known what to ask, if anything.

    Raises:
        BotError: the command, a file or a place to write is not as it should be.
    """
    if call.file is not None and is_table(call.file):
        # Imported here because only tables need it.
        from bot.platforms.terminal.table import answer_table

        return answer_table(call, settings, open_queue)
    arguments, notes = _gather(call)
    speech = settings.speech_for(" ".join((*call.words, arguments.attached or "")))
    understood = Understood(command=call.command, request=parsed(call.command, arguments), extras={})
    with waiting(make_console(stderr=True), speech):
        outcome = answer(understood, open_queue, timeout_s=settings.timeout_s)
    say_notes(notes, speech)
    return print_outcome(call, understood, outcome, speech)


def parsed(command: Command[Any, Any], arguments: Arguments) -> Any:
    """The Request of a command.

    Raises:
        CommandError: what is wrong, with an example as a shell takes it.
    """
    try:
        return command.parse(arguments)
    except CommandError as error:
        raise with_example(error, command, shell=True) from error


def say_notes(notes: tuple[Message, ...], speech: Speech) -> None:
    """Tell on stderr what the reader should know about the input."""
    for note in notes:
        print(plain(note.in_language(speech)), file=sys.stderr)


def print_json(data: object) -> None:
    """One JSON value on a line of its own; nothing in it steers a terminal."""
    print(json_escaped(json.dumps(data, ensure_ascii=False)), flush=True)


def print_outcome(call: Call, understood: Understood, outcome: Any, speech: Speech) -> int:
    """Print an answer as the call wants it, write its pictures and pages, and return the exit code."""
    if isinstance(outcome, Failure):
        if call.as_json or call.as_json_lines:
            print_json(to_json(outcome))
        draw(failure_reply(outcome.message, speech), make_console(stderr=True), speech=speech)
        return CANNOT_ANSWER
    outcome = as_asked(outcome, output=call.output)
    files = write_belongings(belongings_of(outcome), output=call.output)
    if call.as_json or call.as_json_lines:
        print_json(_json_of(outcome, files))
    else:
        draw(reply_to(understood, outcome, speech), make_console(), speech=speech, files=files)
    return OK


def _gather(call: Call) -> tuple[Arguments, tuple[Message, ...]]:
    """The free text and what comes along with it."""
    words, read = call.words, _attached(call)
    if STDIN in words:
        stdin = read_stdin()
        words = tuple(stdin.text if word == STDIN else word for word in words)
        read = replace(stdin, text="") if read is None else read
        attached = None if call.file is None else read.text
    else:
        attached = read.text if read else None
    if call.file is not None and call.command.takes == "text" and words:
        raise CommandError(
            ja="文章とファイルの両方があります。どちらかひとつにしてください。", en="There is both a text and a file. Give one of them."
        )
    arguments = arguments_of_words(words, options=call.options, attached=attached)
    return arguments, read.notes if read else ()


def _attached(call: Call) -> TextRead | None:
    """The text of the file; without one, what is piped in, where the command needs it."""
    if call.file is not None:
        return read_text(call.file)
    if call.command.takes == "nothing" or STDIN in call.words or sys.stdin is None or sys.stdin.isatty():
        return None
    asks = call.command.takes == "question" or call.options.get("task") == "ask"
    lacks_context = asks and not arguments_of_words(call.words, options={}).rest
    return read_stdin() if lacks_context or not call.words else None


def _json_of(outcome: Any, files: tuple[Path, ...]) -> dict[str, Any]:
    if isinstance(outcome, list):
        return {"version": CONTRACT_VERSION, "models": [vars(row) for row in outcome if isinstance(row, ModelRow)]}
    if isinstance(outcome, StatusResult | CancelResult):
        return {"version": CONTRACT_VERSION, **asdict(outcome)}
    if outcome is COMMANDS:
        listed = [{"name": command.name, "aliases": command.aliases, "summary": asdict(command.summary)} for command in COMMANDS]
        return {"version": CONTRACT_VERSION, "commands": listed}
    return as_json_with_files(outcome, files)

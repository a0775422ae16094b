"""The console command `yomite`: its subcommands come from the list of commands; alone it opens the interactive session."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.conversation import shell_example, unknown_command, with_example
from bot.errors import BotError, CommandError
from bot.exit_codes import CANNOT_ANSWER, INTERRUPTED, OK, WRONG_USAGE
from bot.grammar import Option, OptionValue, plain_name, read_value
from bot.language import Speech, both, speech_of, speech_of_machine
from bot.model_commands import MORE_HELP as ABOUT_MODELS, run_models
from bot.platforms.plain import plain
from bot.redis_away import redis_in_words
from bot.service_commands import NAMES as SERVICE_NAMES, add_service_commands
from bot.settings import Settings, hide_secrets, read_settings
from bot.usage import usage_error
from bot.word_command import WordCommand, WordGroup, key_of, parameters_of
from workers.queue.errors import QueueError

if TYPE_CHECKING:
    from workers.queue.local import LocalQueue

ABOUT = both(
    "日本語と英語の文章を読んで、根拠とともに答えます。引数なしで対話を始めます。",
    "Reads Japanese and English texts and answers with its evidence. Alone it opens an interactive session.",
)
# What is done in a process of its own.
IN_CHILDREN = {
    "train": both("自分の例でモデルを学習させる", "train a model on your own examples"),
    "adapt": both("自分の分野の文章にモデルを慣らす", "adapt a model to the texts of your own field"),
    "evaluate": both("答えのわかっているデータで採点する", "score the engine on data whose answers are known"),
}
MORE_HELP = {"models": ABOUT_MODELS}
VERSION_OPTIONS = ("--version", "-V")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `yomite`; returns the exit code: 0 done, 1 not answered, 2 wrong usage, 130 interrupted."""
    words = [_clean(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    speech = _speech_before_settings(words)
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_encode(stream)
    try:
        settings = read_settings(os.environ, folder=Path.cwd())
        hide_secrets(os.environ)
        with redis_in_words():
            return _run(words, settings)
    except (BotError, QueueError) as error:
        print(plain(error.message.in_language(speech)), file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough; what is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CANNOT_ANSWER


def _run(words: list[str], settings: Settings) -> int:
    if not words:
        return _interactive(settings)
    if words[0] in VERSION_OPTIONS:
        print(f"yomite {_version()}")
        return OK
    speech = settings.lang or settings.machine_speech
    words = _with_command_name(words)
    if words[0] == "models" and len(words) > 1 and not words[1].startswith("-"):
        return run_models(words[1:], settings)
    try:
        return int(build_app(settings, speech)(args=words, standalone_mode=False, prog_name="yomite") or OK)
    except typer.TyperException as error:
        raise usage_error(error, words) from error


def build_app(settings: Settings, speech: Speech) -> typer.Typer:
    """The command line, with one subcommand for each command; help stands in `speech`."""
    app = typer.Typer(
        cls=WordGroup,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help=ABOUT.in_language(speech),
        context_settings={"obj": speech},  # in which the help of each command is drawn
    )
    for command in COMMANDS:
        more = MORE_HELP.get(command.name)
        help_text = "\n\n".join(
            [command.summary.in_language(speech), _example(command, speech), *([more.in_language(speech)] if more else [])]
        )
        add = app.command(command.name, cls=WordCommand, help=help_text, short_help=command.summary.in_language(speech))
        add(_handler(command, settings, speech))
    passing_on = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    for name, meaning in IN_CHILDREN.items():
        app.command(name, help=meaning.in_language(speech), context_settings=passing_on)(_in_child(name, settings))
    add_service_commands(app, settings, speech)
    # Two commands at least, so that typer keeps their names; the callback says so even for one.
    app.callback()(lambda: None)
    return app


def _handler(command: Command[Any, Any], settings: Settings, speech: Speech) -> Callable[..., int]:
    """A function with the signature that typer needs for this command."""

    def handle(**values: Any) -> int:
        options = _read_options(command, values)
        # Imported here so that neither --help nor a wrong option needs rich or a queue.
        from bot.platforms.terminal.call import Call, answer_call

        call = Call(
            command=command,
            words=tuple(values["words"] or ()),
            options=options,
            file=_path(values.get("file")),
            column=values.get("column"),
            output=_path(values.get("output")),
            as_json=bool(values.get("json")),
            as_json_lines=bool(values.get("jsonl")),
        )
        with ExitStack() as stack:
            return answer_call(call, settings, lambda: stack.enter_context(_queue(settings)))

    parameters = parameters_of(command, speech)
    handle.__dict__["__signature__"] = inspect.Signature(parameters)
    handle.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return handle


def _read_options(command: Command[Any, Any], values: dict[str, Any]) -> dict[str, OptionValue]:
    """The command's options, checked in the same way as in chat."""
    try:
        return {
            option.name: _read_value(option, values[key_of(option)]) for option in command.options if values[key_of(option)] is not None
        }
    except CommandError as error:
        raise with_example(error, command, shell=True) from error


def _path(value: str | None) -> Path | None:
    return None if value is None else Path(value)


def _read_value(option: Option, value: str | bool) -> OptionValue:
    return "yes" if value is True else read_value(option, str(value))


def _in_child(command: str, settings: Settings) -> Callable[..., int]:
    """A function that hands the rest of the command line on to a process of its own."""

    def run(context: typer.Context) -> int:
        # Imported here because nothing else starts programs.
        from bot.children import run_in_child

        return run_in_child(command, context.args, settings)

    run.__annotations__ = {"context": typer.Context, "return": int}
    return run


def _interactive(settings: Settings) -> int:
    # Imported here so that --help needs neither rich nor prompt_toolkit.
    from bot.platforms.terminal.draw import make_console
    from bot.platforms.terminal.session import Session

    with _queue(settings) as queue:
        return Session(settings, queue, make_console()).run()


def _queue(settings: Settings) -> LocalQueue:
    """The way to the workers: what runs already, else what is started for this process alone."""
    from workers.queue.local import LocalQueue

    return LocalQueue(settings.worker(), redis_url=settings.redis_url, state_dir=settings.state_dir, queue_settings=settings.queue())


def _with_command_name(words: list[str]) -> list[str]:
    """The command line with the command's first name in place of an alias or of the form with a slash.

    Raises:
        CommandError: no such command.
    """
    if words[0].startswith("-"):
        return words
    name = plain_name(words[0].lstrip("/／"))
    for command in COMMANDS:
        if name in command.names:
            return [command.name, *words[1:]]
    beside = (*IN_CHILDREN, *SERVICE_NAMES)
    if name in beside:
        return [name, *words[1:]]
    raise unknown_command(words[0], shell=True, beside=beside)


def _example(command: Command[Any, Any], speech: Speech) -> str:
    return f"{both('例', 'Example').in_language(speech)}: {shell_example(command, speech)}"


def _speech_before_settings(words: Sequence[str]) -> Speech:
    """The language for errors: YOMITE_LANG, Japanese where any word is, else the locale's."""
    wished = os.environ.get("YOMITE_LANG", "").lower()
    if wished == "ja" or wished == "en":
        return "ja" if wished == "ja" else "en"
    return "ja" if speech_of(" ".join(words), otherwise="en") == "ja" else speech_of_machine(os.environ)


def _clean(word: str) -> str:
    """Bytes of a shell's word that were no UTF-8 become replacement characters."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _never_fail_to_encode(stream: Any) -> None:
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("yomite")
    except PackageNotFoundError:
        return "(not installed)"

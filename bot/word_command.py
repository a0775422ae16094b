"""A command as a subcommand of `yomite`: its options, as typer should know them, and their values, as they were typed."""

from __future__ import annotations

import inspect
import re
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from bot.commands.command import Command
from bot.grammar import Option
from bot.language import Speech, both


class SpokenCommand(TyperCommand):
    """Draws its help in the language that is the object of its context."""

    def get_help(self, ctx: typer.Context) -> str:  # type: ignore[override]  # the base class is of a private module
        """The help as it is printed."""
        return _spoken(super().get_help(ctx), ctx.obj)


class WordCommand(SpokenCommand):
    """Gives a function the words themselves, and None for what was not typed; the function reads and checks them.

    typer would check them by pydantic, whose import alone takes more than half as long as all of `yomite --help`.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # the base class is of a private module
        """Take the command line apart; help, and words that the function does not take, are left to typer.

        Raises:
            typer.TyperException: an option is unknown, or has no value, or there are such words.
        """
        values, rest, _ = self.make_parser(ctx).parse_args(args=list(args))
        if values.get("help") or rest:
            return super().parse_args(ctx, args)
        ctx.params = {parameter.name: values.get(parameter.name) for parameter in self.params}
        ctx.args = rest
        return rest


class WordGroup(TyperGroup):
    """Subcommands under one name, which has no option but --help; its help is drawn as theirs."""

    def get_help(self, ctx: typer.Context) -> str:  # type: ignore[override]  # as above
        """The help as it is printed."""
        return _spoken(super().get_help(ctx), ctx.obj)

    def get_help_option(self, ctx: typer.Context) -> TyperOption | None:  # type: ignore[override]  # as above
        """The option --help, which says by itself that it is off where it is not typed: else pydantic is asked what None means."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option


# What typer writes by itself, in English only.
_BY_TYPER = (
    (r"^Usage(?=: )", both("使い方", "Usage")),
    (r"^Arguments(?=:$)", both("引数", "Arguments")),
    (r"^Options(?=:$)", both("オプション", "Options")),
    (r"^Commands(?=:$)", both("コマンド", "Commands")),
    (r"(?<= \[)OPTIONS(?=\])", both("オプション", "OPTIONS")),
    (r"(?<= )COMMAND \[ARGS\](?=\.\.\.)", both("コマンド [引数]", "COMMAND [ARGS]")),
    (r"Show this message and exit\.$", both("この使い方を表示する", "Show this message and exit.")),
    (r"(?<=  \[)required(?=\]$)", both("必須", "required")),
    (r"(?<=  \[)default:(?= .*\]$)", both("省くと", "default:")),
)
# The Python type behind an argument.
_TYPE = re.compile(r" <(?:str|list\[str\])>(?=\s)")


def _spoken(text: str, speech: Speech) -> str:
    """A help without what is of Python, and with what typer writes in this language."""
    text = _TYPE.sub("", text)
    for english, said in _BY_TYPER:
        text = re.sub(english, said.in_language(speech), text, flags=re.MULTILINE)
    return text


def parameters_of(command: Command[Any, Any], speech: Speech) -> list[inspect.Parameter]:
    """What typer should know of a command: its words and its options, with their help in `speech`."""
    form = command.form.in_language(speech)
    found = [
        _parameter("words", Annotated[list[str] | None, typer.Argument(metavar=f"[{form}]", hidden=not form, show_default=False)], None)
    ]
    for option in command.options:
        help_text = option.meaning.in_language(speech)
        if option.kind == "flag":
            flag = typer.Option(f"--{option.name}", help=help_text, show_default=False)
            found.append(_parameter(key_of(option), Annotated[bool, flag], False))
            continue
        shown = "|".join(option.choices) if option.choices else option.example
        declared = typer.Option(f"--{option.name}", help=help_text, metavar=f"<{shown}>", show_default=False)
        found.append(_parameter(key_of(option), Annotated[str | None, declared], None))
    if command.options:
        found += _shell_parameters(command, speech)
    json_help = both("答えをひとつの JSON で出力する", "print the answer as one JSON object").in_language(speech)
    return [*found, _parameter("json", Annotated[bool, typer.Option("--json", help=json_help)], False)]


def _shell_parameters(command: Command[Any, Any], speech: Speech) -> list[inspect.Parameter]:
    def said(ja: str, en: str) -> str:
        return both(ja, en).in_language(speech)

    names = ("--file", "--context-file") if command.takes == "question" else ("--file",)
    read = said("読むファイル（.txt、.csv、.tsv ほか）", "read a file: text, .csv or .tsv")
    found = [_parameter("file", Annotated[str | None, typer.Option(*names, help=read, metavar="<doc.txt>", show_default=False)], None)]
    if command.rows != "none":
        column = said("CSV の列（省くと text）", "the CSV column (default: text)")
        lines = said("CSV の行ごとに JSON を 1 行出力する", "for CSV: print one JSON line a row")
        found.append(
            _parameter("column", Annotated[str | None, typer.Option("--column", help=column, metavar="<text>", show_default=False)], None)
        )
        found.append(_parameter("jsonl", Annotated[bool, typer.Option("--jsonl", help=lines)], False))
    if command.pictures:
        output = said("図やページを書くファイルかフォルダ", "the file or folder for pictures and pages")
        found.append(
            _parameter(
                "output", Annotated[str | None, typer.Option("--output", help=output, metavar="<map.png>", show_default=False)], None
            )
        )
    return found


def _parameter(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def key_of(option: Option) -> str:
    """The name under which a function gets the option's value."""
    return f"option_{option.name.replace('-', '_')}"

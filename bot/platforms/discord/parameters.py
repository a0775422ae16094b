"""What Discord asks for in its form of a command: the command's texts, its options, a file, and whether only the asker sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import discord
from discord import app_commands

from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.errors import CommandError
from bot.grammar import Arguments, Option, OptionValue, arguments_of_words, read_value
from bot.language import both
from engine.contract import Message

TEXTS = 8  # how many texts the form of a command that takes several has room for
MOST_CHOICES = 25  # Discord takes no more
# Says that the text is in the file, as on a command line.
FROM_FILE = ("-", "－", "ー", "—", "―")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a form. `kind` is what Discord lets a person put in; `name.en` is how the program knows it."""

    name: Message
    meaning: Message
    kind: Any = str
    required: bool = False
    choices: tuple[str, ...] = field(default=())


FILE = Parameter(
    name=both("ファイル", "file"),
    meaning=both("読むファイル（.txt .md .csv .tsv .pdf）", "a file to read (.txt .md .csv .tsv .pdf)"),
    kind=discord.Attachment,
)
SECOND = Parameter(
    name=both("文章2", "text2"),
    meaning=both("組にする、または比べる 2 つ目の文章（質問なら文脈）", "a second text, to pair or compare (for a question: its context)"),
)
PRIVATE = Parameter(
    name=both("自分だけ", "private"),
    meaning=both("答えを自分だけに見せる（省くと全員に）", "show the answer to you alone (default: to everybody)"),
    kind=bool,
)


def parameters_of(command: Command[Any, Any]) -> list[Parameter]:
    """The form of a command, required parameters first."""
    texts = _text_parameters(command)
    files = [FILE] if command.takes != "nothing" else []
    return [*texts, *(_parameter_of(option) for option in command.options), *files, PRIVATE]


def arguments_from(command: Command[Any, Any], given: Mapping[str, Any]) -> Arguments:
    """What a filled form says; a text is never searched for options or separators.

    Raises:
        CommandError: a text and a file, where only one can be read, or a value that its option does not allow.
    """
    values = ((option, given.get(option.name)) for option in command.options)
    # A flag that is not set is one that is not there. What Discord let people choose is looked at all the same.
    options: dict[str, OptionValue] = {
        option.name: "yes" if value is True else read_value(option, str(value))
        for option, value in values
        if value is not None and value is not False
    }
    words = [str(given[parameter.name.en]) for parameter in _text_parameters(command) if given.get(parameter.name.en)]
    if given.get(FILE.name.en) is not None and words and command.takes in ("text", "pair", "texts"):
        if words[0].strip() in FROM_FILE:
            del words[0]
        elif command.takes == "text":
            raise CommandError(
                ja="文章とファイルの両方があります。ファイルを読むときは、文章に「-」とだけ書いてください。",
                en="There is both a text and a file. To read the file, write only - as the text.",
            )
    if command.takes == "texts":
        return arguments_of_words(words, options=options)
    first, rest = (words[0] if words else "", "\n".join(words[1:]))
    return Arguments(text=" ".join(words), texts=tuple(words), first=first, rest=rest, options=options)


def typed_text(command: Command[Any, Any], given: Mapping[str, Any]) -> str:
    """What the person typed themselves, which tells their language."""
    return " ".join(str(given[parameter.name.en]) for parameter in _text_parameters(command) if given.get(parameter.name.en))


def _text_parameters(command: Command[Any, Any]) -> list[Parameter]:
    if command.takes in ("text", "pair"):
        meaning = both("読む文章（ファイルなら - ）", "the text to read (- for a file)")
        text = Parameter(name=both("文章", "text"), meaning=meaning, required=True)
        return [text, SECOND] if command.takes == "pair" else [text]
    if command.takes == "question":
        return [
            Parameter(name=both("質問", "question"), meaning=both("知りたいこと", "what you want to know"), required=True),
            Parameter(name=both("文脈", "context"), meaning=both("答えを探す文章", "the text to look for the answer in")),
        ]
    if command.takes == "texts":
        return [_nth_text(n, command) for n in range(1, TEXTS + 1)]
    return [_topic(command)] if command.form.en else []


def _nth_text(n: int, command: Command[Any, Any]) -> Parameter:
    meaning = both(f"{n} つ目の文章", f"text {n}")
    if n == 1:
        meaning = both(
            "1 つ目の文章（「|」で区切って全部でも、ファイルなら - でも）", "text 1 (or all of them with | between, or - for a file)"
        )
    return Parameter(name=both(f"文章{n}", f"text{n}"), meaning=meaning, required=n == 1)


def _topic(command: Command[Any, Any]) -> Parameter:
    """What may stand after a command that takes a word or nothing, named as in its form."""
    name = both(re.sub(r"\W", "", command.form.ja), re.sub(r"\W", "", command.form.en).lower())
    choices = tuple(known.name for known in COMMANDS) if name.en == "command" else ()
    return Parameter(name=name, meaning=command.summary, choices=choices[:MOST_CHOICES])


def _parameter_of(option: Option) -> Parameter:
    """An option, under the name that stands after its dashes in both languages: help and error messages call it so."""
    name = both(option.name, option.name)
    if option.kind == "whole number":
        return Parameter(name=name, meaning=option.meaning, kind=app_commands.Range[int, option.at_least, option.at_most])
    if option.kind == "flag":
        return Parameter(name=name, meaning=option.meaning, kind=bool)
    return Parameter(name=name, meaning=option.meaning, choices=option.choices)

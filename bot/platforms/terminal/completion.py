"""Completes commands after `/`, options after `--`, and the values that an option allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from bot.commands import COMMANDS
from bot.conversation import find_command
from bot.errors import CommandError
from bot.grammar import Option
from bot.language import Speech
from engine.contract import Message

_COMMAND_START = re.compile(r"\s*/(\S*)$")
_OPTION_START = re.compile(r"(?:^|\s)--([\w-]*)$")
_VALUE_START = re.compile(r"--([\w-]+)[ =:]\s*(\S*)$")


class CommandCompleter(Completer):
    """Completion for a line of the interactive session; meanings are shown in `speech`.

    `more` are commands that only the session has, with their meanings.
    """

    def __init__(self, speech: Speech, *, extra_options: Sequence[Option], more: Mapping[str, Message] | None = None) -> None:
        self._speech: Speech = speech
        self._extra_options = extra_options
        self._more = more or {}

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        line = document.text_before_cursor
        if start := _COMMAND_START.match(line):
            yield from self._commands(start[1])
        elif start := _OPTION_START.search(line):
            yield from self._options(line, start[1])
        elif start := _VALUE_START.search(line):
            yield from self._values(line, start[1], start[2], complete_event)

    def _commands(self, typed: str) -> Iterable[Completion]:
        for command in COMMANDS:
            for name in command.names:
                # An alias shows up once somebody types its beginning.
                if name.startswith(typed) and (typed or name == command.name):
                    yield Completion(f"{name} ", -len(typed), display=f"/{name}", display_meta=command.summary.in_language(self._speech))
                    break

        for name, meaning in self._more.items():
            if name.startswith(typed):
                yield Completion(f"{name} ", -len(typed), display=f"/{name}", display_meta=meaning.in_language(self._speech))

    def _options(self, line: str, typed: str) -> Iterable[Completion]:
        for option in self._options_of(line):
            if option.name.startswith(typed) and not re.search(rf"--{option.name}\b", line[: len(line) - len(typed) - 2]):
                yield Completion(
                    f"{option.name} ", -len(typed), display=f"--{option.name}", display_meta=option.meaning.in_language(self._speech)
                )

    def _values(self, line: str, name: str, typed: str, event: CompleteEvent) -> Iterable[Completion]:
        for option in self._options_of(line):
            if option.name == name and option.choices:
                yield from (Completion(choice, -len(typed)) for choice in option.choices if choice.startswith(typed))
            elif option.name == name and option in self._extra_options:
                yield from PathCompleter(expanduser=True).get_completions(Document(typed), event)

    def _options_of(self, line: str) -> Sequence[Option]:
        try:
            command, _ = find_command(line)
        except CommandError:
            return ()
        return (*command.options, *self._extra_options) if command.options else ()

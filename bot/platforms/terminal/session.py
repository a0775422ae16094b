"""The interactive session: the same commands as in chat, with history and completion; reads plain lines where there is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bot.conversation import Understood, answer, failure_reply, reply_to, understand
from bot.errors import BotError
from bot.exit_codes import CANNOT_ANSWER, OK, WRONG_USAGE
from bot.grammar import Option, OptionValue
from bot.language import Speech
from bot.platforms.terminal.draw import draw, waiting
from bot.platforms.terminal.files import read_text
from bot.platforms.terminal.pictures import as_asked, belongings_of, write_belongings
from bot.platforms.terminal.thumbs import MEANINGS, Thumbs
from bot.redis_away import redis_in_words
from bot.settings import Settings
from engine.contract import Failure, Message, Task

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory

    from workers.queue.local import Queue

# What people try first; the rest of the models come with their first question.
WARM_TASKS = (Task.SENTIMENT,)
FILE = Option(
    name="file",
    kind="word",
    meaning=Message(ja="文章（/ask では文脈）をファイルから読む", en="read the text (for /ask: the context) from a file"),
    example="doc.txt",
)
OUTPUT = Option(
    name="output",
    kind="word",
    meaning=Message(ja="図やページを書くファイルかフォルダ", en="the file or folder for pictures and pages"),
    example="map.png",
)
EXTRA_OPTIONS = (FILE, OUTPUT)


class Session:
    """One person at one terminal."""

    def __init__(self, settings: Settings, queue: Queue, console: Console) -> None:
        self._settings = settings
        self._queue = queue
        self._console = console
        self._speech: Speech = settings.lang or settings.machine_speech
        self._thumbs = Thumbs(settings)

    def run(self) -> int:
        """Talk until the input ends; returns the exit code."""
        if sys.stdin.isatty() and sys.stdout.isatty():
            self._queue.warm_up(WARM_TASKS)
            return self._run_interactively()
        return self._run_lines()

    def _run_interactively(self) -> int:
        self._console.print(_welcome(self._speech))
        prompt = _prompt_session(self._settings.state_dir, self._speech, more=MEANINGS if self._settings.feedback else {})
        for line in _typed_lines(prompt):
            if line.strip():
                try:
                    self.take(line)
                except KeyboardInterrupt:
                    self._console.print("中止しました" if self._speech == "ja" else "stopped", style="dim")
        return OK

    def _run_lines(self) -> int:
        """Every line is a command; the exit code is the worst of theirs."""
        code = OK
        for line in sys.stdin:
            if line.strip():
                code = max(code, self.take(line.rstrip("\r\n")))
        return code

    def take(self, line: str) -> int:
        """Read one line, answer it, and return the exit code that it deserves."""
        thumb = self._thumbs.read(line)
        speech = self._thumbs.speech_for(line) if thumb else self._settings.speech_for(line)
        try:
            if thumb:
                draw(self._thumbs.press(*thumb, speech), self._console, speech=speech)
                return OK
            understood = understand(line, extra_options=EXTRA_OPTIONS, attach=_named_text)
            with redis_in_words():
                return self._answer(understood, speech)
        except BotError as error:
            draw(failure_reply(error.message, speech), self._console, speech=speech)
            return WRONG_USAGE

    def _answer(self, understood: Understood, speech: Speech) -> int:
        with waiting(self._console, speech):
            outcome = answer(understood, lambda: self._queue, timeout_s=self._settings.timeout_s)
        said = understood.extras.get("output")
        output = Path(str(said)).expanduser() if said else None
        outcome = as_asked(outcome, output=output)
        belongings = () if isinstance(outcome, Failure) else belongings_of(outcome)
        files = write_belongings(belongings, output=output)
        reply = reply_to(understood, outcome, speech)
        draw(reply, self._console, speech=speech, files=files)
        self._thumbs.note(understood.request, outcome, speech)
        if self._console.is_terminal and (hint := self._thumbs.hint(speech)):
            self._console.print(hint, style="dim")
        return CANNOT_ANSWER if reply.failed else OK


def _named_text(extras: dict[str, OptionValue]) -> str | None:
    """The text of the file that `--file` names."""
    return read_text(Path(str(extras["file"])).expanduser()).text if "file" in extras else None


def _typed_lines(prompt: PromptSession[str]) -> Iterator[str]:
    """What is typed, until Ctrl-D; Ctrl-C drops the line."""
    while True:
        try:
            yield prompt.prompt("yomite> ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _prompt_session(state_dir: Path, speech: Speech, *, more: Mapping[str, Message]) -> PromptSession[str]:
    """The line editor: history in `state_dir` (readable by its owner only), completion; Alt-Enter makes a line break.

    `more` are commands that only the session has, with their meanings.
    """
    # Imported here because only a person at a terminal needs it.
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import History, InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    from bot.platforms.terminal.completion import CommandCompleter

    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _break_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    history: History = _history(state_dir) or InMemoryHistory()
    completer = CommandCompleter(speech, extra_options=EXTRA_OPTIONS, more=more)
    return PromptSession(history=history, completer=completer, complete_while_typing=True, key_bindings=keys)


def _history(state_dir: Path) -> FileHistory | None:
    """The history file; None where it cannot be kept."""
    from prompt_toolkit.history import FileHistory

    path = state_dir / "history"
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return None
    return FileHistory(str(path))


def _welcome(speech: Speech) -> str:
    if speech == "ja":
        return (
            "Yomite（読み手）へようこそ。例：/sentiment この映画は本当に素晴らしかった！\n/help で一覧、Tab で補完、Ctrl-D で終わります。"
        )
    return "Welcome to Yomite. Try: /sentiment I love this.\n/help lists the commands, Tab completes, Ctrl-D leaves."

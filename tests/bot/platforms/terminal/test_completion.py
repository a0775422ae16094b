"""Commands, options and their values are completed as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from bot.commands import COMMANDS
from bot.platforms.terminal.completion import CommandCompleter
from bot.platforms.terminal.session import EXTRA_OPTIONS


@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("/sen", ["sentiment "]),
        ("/感", ["感情 "]),
        ("/ask 誰？ --an", ["answers "]),
        ("/similar 猫 --lang ja --", ["query ", "pooling ", "model ", "file ", "output "]),
        ("/similar 猫 --pooling m", ["mean", "max"]),
        ("/similar 猫 --pooling=c", ["cls"]),
        ("/nonsense --l", []),
        ("/help --l", []),
        ("plain text", []),
        ("", []),
    ],
)
def test_a_line_is_completed(line: str, completions: list[str]) -> None:
    assert _completions(line) == completions


def test_a_slash_alone_shows_every_command_once() -> None:
    assert _completions("/") == [f"{command.name} " for command in COMMANDS]


def test_a_file_is_completed_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "文書.txt").touch()
    assert _completions(f"/ask 誰？ --file {tmp_path}/文") == ["書.txt"]


def _completions(line: str) -> list[str]:
    completer = CommandCompleter("ja", extra_options=EXTRA_OPTIONS)
    return [completion.text for completion in completer.get_completions(Document(line), CompleteEvent())]

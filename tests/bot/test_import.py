"""What a process of the bot loads, and what it does without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "tokenizers", "fugashi", "numpy", "engine.errors")
OF_THE_QUEUE = ("redis", "rq", "asyncio", "sqlite3")
OF_PLATFORMS = ("aiohttp", "slack_bolt", "slack_sdk", "discord", "prompt_toolkit")
OF_TYPER = ("pydantic", "pydantic_core")


def test_importing_the_bot_loads_no_models() -> None:
    statement = "import bot, bot.cli, bot.conversation, bot.platforms.terminal.session, bot.platforms.terminal.table, workers.queue"
    assert _loaded(statement, HEAVY) == []


def test_importing_what_serves_chat_platforms_loads_none_of_them() -> None:
    assert _loaded("import bot.serving", (*HEAVY, *OF_PLATFORMS, *OF_TYPER, "typer", "rich")) == []


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "--version",
        "sentiment --help",
        "explain-attention 猫 --help",
        "serve --help",
        "doctor --help",
        "jobs --help",
        "jobs retry --help",
        "feedback --help",
        "feedback export --help",
        "sentimnt",
        "sentiment --nonsense",
        "sentiment 猫 --lang fr",
    ],
)
def test_neither_help_nor_a_wrong_command_line_loads_a_queue_a_platform_or_a_drawing(line: str) -> None:
    assert _loaded(_command_line(line), (*HEAVY, *OF_THE_QUEUE, *OF_PLATFORMS, *OF_TYPER, "rich")) == []


def test_serving_platforms_from_the_command_line_loads_nothing_that_only_typer_needs() -> None:
    assert _loaded(_command_line("serve web nowhere"), OF_TYPER) == []


@pytest.mark.parametrize("line", ["help", "help similar --json", "sentiment", "similar 猫", "sentiment --file missing.txt"])
def test_what_is_known_before_the_engine_is_asked_loads_no_queue(line: str) -> None:
    assert _loaded(_command_line(line), (*HEAVY, *OF_THE_QUEUE, *OF_PLATFORMS, *OF_TYPER)) == []


def _command_line(line: str) -> str:
    """Python code that runs `yomite` with these words, whatever it prints."""
    return (
        "import contextlib, io, bot.cli\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):\n"
        f"    bot.cli.main({line.split()!r})"
    )


def _loaded(code: str, names: tuple[str, ...]) -> list[str]:
    """Which of these modules are there after a fresh interpreter has run the code."""
    code = f"import sys\n{code}\nprint(*(name for name in {names!r} if name in sys.modules))"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-X", "utf8", "-c", code]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True, cwd=root, stdin=subprocess.DEVNULL).stdout.split()

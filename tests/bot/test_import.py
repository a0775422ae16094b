"""The bot starts without models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("torch", "transformers", "tokenizers", "fugashi", "numpy", "engine.errors")


def test_importing_the_bot_loads_no_models() -> None:
    code = (
        "import sys, bot, bot.cli, bot.conversation, bot.platforms.terminal.session, bot.platforms.terminal.table, workers.queue\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert _run(code) == "[]"


def test_the_command_line_alone_loads_neither_rich_nor_prompt_toolkit() -> None:
    assert _run("import sys, bot.cli\nprint([name for name in ('rich', 'prompt_toolkit') if name in sys.modules])") == "[]"


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    return done.stdout.strip()

"""Writes the terminal examples of README.md by running them on the bundled models: `make readme-examples`."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.readme import README, between_marks

EXAMPLES = (
    ("sentiment", "この映画は本当に素晴らしかった！"),
    ("sentiment", "The service was terrible.", "--json"),
    ("ner", "山田太郎は2019年に京都大学を卒業し、トヨタ自動車に入社した。"),
    ("ask", "When was the Transformer introduced?", "The Transformer is a neural network architecture. It was introduced in 2017."),
    ("similar", "The cat sits on the mat.", "猫がマットの上に座っている。", "The dog plays in the park."),
)
WIDTH = 88  # columns


def example_lines() -> Iterator[str]:
    """Each example as a person would type it, and what is printed.

    Raises:
        CalledProcessError: an example does not end well.
    """
    program = Path(sys.executable).with_name("yomite")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("YOMITE_")}
    environment |= {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb"}
    yield "```console"
    for arguments in EXAMPLES:
        yield f"$ yomite {' '.join(_quoted(argument) for argument in arguments)}"
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=True)
        yield from (line.rstrip() for line in done.stdout.strip("\n").splitlines())
        yield ""
    yield "```"


def _quoted(argument: str) -> str:
    """Double quotes around what a shell would cut; names and options as they are."""
    return argument if shlex.quote(argument) == argument else f'"{argument}"'


def main() -> None:
    """Write the examples."""
    README.write_text(between_marks(README.read_text(encoding="utf-8"), "examples", list(example_lines())), encoding="utf-8")
    print(f"wrote {README.name}")


if __name__ == "__main__":
    main()

"""Writes the terminal examples of docs/en/start.md and docs/ja/start.md by running them on the bundled models: `make readme-examples`."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.language import Speech
from tools.pictures.answering import running_system
from tools.readme import ROOT, between_marks

EXAMPLES: dict[Speech, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("sentiment", "The service was terrible."),
        ("sentiment", "The service was terrible.", "--json"),
        ("ner", "Emma Reed met Kenji Mori of Toyota in Kyoto."),
        (
            "ask",
            "When was the Transformer introduced?",
            "The Transformer is a neural network architecture. It was introduced in 2017.",
        ),
        ("similar", "The cat sits on the mat.", "A cat is sitting on a rug.", "The dog plays in the park."),
    ),
    "ja": (
        ("sentiment", "この映画は本当に素晴らしかった！"),
        ("sentiment", "この映画は本当に素晴らしかった！", "--json"),
        ("ner", "山田太郎は2019年に京都大学を卒業し、トヨタ自動車に入社した。"),
        ("ask", "東京駅を設計したのはだれ？", "東京駅は1914年に開業した。赤れんがの駅舎は辰野金吾が設計した。"),
        ("similar", "猫がマットの上に座っている。", "The cat sits on the mat.", "犬が公園で遊んでいる。"),
    ),
}
WIDTH = 88  # columns


def example_lines(speech: Speech, *, redis_url: str) -> Iterator[str]:
    """Each example of a language as a person would type it, and what is printed.

    Raises:
        CalledProcessError: an example does not end well.
    """
    program = Path(sys.executable).with_name("yomite")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("YOMITE_")}
    environment |= {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "TERM": "dumb", "REDIS_URL": redis_url}
    yield "```console"
    for arguments in EXAMPLES[speech]:
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
    with running_system() as redis_url:
        for speech in EXAMPLES:
            page = f"docs/{speech}/start.md"
            lines = list(example_lines(speech, redis_url=redis_url))
            text = (ROOT / page).read_text(encoding="utf-8")
            (ROOT / page).write_text(between_marks(text, "examples", lines, page=page), encoding="utf-8")
            print(f"wrote {page}")


if __name__ == "__main__":
    main()

"""Writes the tables of README.md that come from the code: the commands and the settings. `make readme` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.commands import COMMANDS
from bot.setting_keys import KEYS

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def command_table() -> list[str]:
    """The commands as a Markdown table."""
    return ["| command | also | what it does | 説明 |", "|---|---|---|---|", *(_row(*cells) for cells in _command_cells())]


def setting_table() -> list[str]:
    """The settings as a Markdown table."""
    head = ["| variable | values | default | meaning | 意味 |", "|---|---|---|---|---|"]
    return head + [
        _row(f"`{key.variable}`", key.allowed.en, f"`{key.default}`" if key.default else "–", key.meaning.en, key.meaning.ja)
        for key in KEYS
    ]


def with_tables(text: str) -> str:
    """`text` with each table between its marks.

    Raises:
        ValueError: a mark is missing.
    """
    for name, lines in (("commands", command_table()), ("settings", setting_table())):
        text = between_marks(text, name, lines)
    return text


def _command_cells() -> Iterator[tuple[str, str, str, str]]:
    for command in COMMANDS:
        also = ", ".join(f"`/{alias}`" for alias in command.aliases)
        yield f"`/{command.name} {command.form.en}`".replace(" `", "`"), also, command.summary.en, command.summary.ja


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def between_marks(text: str, name: str, lines: list[str]) -> str:
    """`text` with `lines` between `name`'s marks.

    Raises:
        ValueError: a mark is missing.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, found_begin, rest = text.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"README.md needs the marks {begin} and {end}")
    return "\n".join([head + begin, *lines, end + tail])


def main() -> None:
    """Write the tables."""
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {README.name}")


if __name__ == "__main__":
    main()

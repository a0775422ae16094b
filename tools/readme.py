"""Writes the parts of README.md and docs/ that come from the code: the commands and the settings. `make readme` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.grammar import Option
from bot.language import Speech, both
from bot.setting_keys import KEYS
from tools.command_lines import LINES

ROOT = Path(__file__).resolve().parent.parent
README = "README.md"
SPEECHES: tuple[Speech, ...] = ("en", "ja")
COMMAND_PAGES: dict[str, Speech] = {f"docs/{speech}/commands.md": speech for speech in SPEECHES}
SETTING_PAGES: dict[str, Speech] = {f"docs/{speech}/settings.md": speech for speech in SPEECHES}
PAGES = (README, *COMMAND_PAGES, *SETTING_PAGES)

ALSO = both("別名", "also")
OPTIONS = both("| オプション | 値 | 意味 |", "| option | values | meaning |")
SETTINGS = both("| 変数 | 値 | 省いたとき | 意味 |", "| variable | values | default | meaning |")
ANSWER = both("/{name} の答え", "An answer of /{name}")
KINDS = {
    "whole number": both("整数", "a whole number"),
    "word": both("空白を含まない文字列", "up to a space"),
    "phrase": both("「|」か次のオプションまで", "up to | or the next option"),
    "flag": both("なし", "none"),
}


def command_table() -> list[str]:
    """The commands as a Markdown table, in both languages."""
    return ["| command | also | what it does | 説明 |", "|---|---|---|---|", *(_row(*cells) for cells in _command_cells())]


def command_lines(command: Command[Any, Any], speech: Speech) -> list[str]:
    """How a command is written, its options, and an example with its picture."""
    form = f"`/{command.name} {command.form.in_language(speech)}".rstrip() + "`"
    separator = "、" if speech == "ja" else ", "
    also = separator.join(f"`/{alias}`" for alias in command.aliases)
    lines = [f"{form} · {ALSO.in_language(speech)}{'：' if speech == 'ja' else ': '}{also}", ""]
    if command.options:
        lines += [OPTIONS.in_language(speech), "|---|---|---|"]
        lines += [_row(f"`--{option.name}`", _values(option, speech), option.meaning.in_language(speech)) for option in command.options]
        lines.append("")
    shown = LINES.get(command.name)
    if shown is None:
        return lines[:-1]
    picture = f"../images/command-{command.name}-{speech}.png"
    words = ANSWER.in_language(speech).format(name=command.name)
    return [*lines, "```", shown.in_language(speech), "```", "", f"![{words}]({picture})"]


def setting_table(speech: Speech) -> list[str]:
    """The settings as a Markdown table."""
    return [SETTINGS.in_language(speech), "|---|---|---|---|"] + [
        _row(
            f"`{key.variable}`",
            key.allowed.in_language(speech),
            f"`{key.default}`" if key.default else "–",
            key.meaning.in_language(speech),
        )
        for key in KEYS
    ]


def parts_of(page: str) -> dict[str, list[str]]:
    """What stands between which marks of a page, which is named from the project's folder."""
    if page in COMMAND_PAGES:
        return {f"command-{command.name}": command_lines(command, COMMAND_PAGES[page]) for command in COMMANDS}
    if page in SETTING_PAGES:
        return {"settings": setting_table(SETTING_PAGES[page])}
    return {"commands": command_table()}


def with_parts(text: str, page: str = README) -> str:
    """`text`, which is a page's, with each of its parts between its marks.

    Raises:
        ValueError: a mark is missing.
    """
    for name, lines in parts_of(page).items():
        text = between_marks(text, name, lines, page=page)
    return text


def _command_cells() -> Iterator[tuple[str, str, str, str]]:
    for command in COMMANDS:
        also = ", ".join(f"`/{alias}`" for alias in command.aliases)
        yield f"`/{command.name} {command.form.en}`".replace(" `", "`"), also, command.summary.en, command.summary.ja


def _values(option: Option, speech: Speech) -> str:
    if option.choices:
        return ("、" if speech == "ja" else ", ").join(option.choices)
    if option.kind == "whole number" and option.at_most is not None:
        return f"{option.at_least}–{option.at_most}"
    return KINDS[option.kind].in_language(speech)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def between_marks(text: str, name: str, lines: list[str], *, page: str = README) -> str:
    """`text` with `lines` between `name`'s marks.

    Raises:
        ValueError: a mark is missing.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, found_begin, rest = text.partition(begin)
    _, found_end, tail = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"{page} needs the marks {begin} and {end}")
    return "\n".join([head + begin, *lines, end + tail])


def main() -> None:
    """Write the parts."""
    for page in PAGES:
        path = ROOT / page
        path.write_text(with_parts(path.read_text(encoding="utf-8"), page), encoding="utf-8")
        print(f"wrote {page}")


if __name__ == "__main__":
    main()

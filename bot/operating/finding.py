"""What a check found, and what to do about it; how that reads in a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bot.language import Speech, both
from bot.platforms.plain import plain
from engine.contract import Message

State = Literal["ok", "warning", "error", "skipped"]

MARKS: Mapping[State, tuple[str, Message, str]] = {  # the sign, the word, and the colour as a terminal takes it
    "ok": ("✓", both("正常", "ok"), "32"),
    "warning": ("!", both("注意", "warning"), "33"),
    "error": ("✗", both("異常", "error"), "31"),
    "skipped": ("–", both("省略", "skipped"), "2"),
}
WORD_WIDTH = {"ja": 2, "en": 7}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor. What is a warning or an error says what to do."""

    name: str
    state: State
    found: Message
    advice: Message | None = None


def ok(name: str, ja: str, en: str) -> Finding:
    """All is as it should be."""
    return Finding(name=name, state="ok", found=both(ja, en))


def skipped(name: str, ja: str, en: str) -> Finding:
    """It was not looked at, and why."""
    return Finding(name=name, state="skipped", found=both(ja, en))


def warning(name: str, found: Message, advice: Message) -> Finding:
    """It works, and should be seen to."""
    return Finding(name=name, state="warning", found=found, advice=advice)


def error(name: str, found: Message, advice: Message) -> Finding:
    """Something does not work."""
    return Finding(name=name, state="error", found=found, advice=advice)


def finding_from_json(data: Mapping[str, Any]) -> Finding:
    """What a process of our own told.

    Raises:
        KeyError, TypeError: it told something else.
    """
    advice = data["advice"]
    return Finding(
        name=str(data["name"]), state=data["state"], found=Message(**data["found"]), advice=None if advice is None else Message(**advice)
    )


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """One object: every check, and how many are in which state."""
    counts = {state: sum(finding.state == state for finding in findings) for state in MARKS}
    return {"checks": [asdict(finding) for finding in findings], "counts": counts}


def as_lines(finding: Finding, speech: Speech, *, coloured: bool) -> list[str]:
    """The line of a check, and below it what to do."""
    sign, word, colour = MARKS[finding.state]
    mark = f"{sign} {word.in_language(speech):<{WORD_WIDTH[speech]}}"
    mark = f"\x1b[{colour}m{mark}\x1b[0m" if coloured else mark
    lines = [f"{mark}  {plain(finding.name)}: {_one_line(finding.found, speech)}"]
    if finding.advice is not None:
        lines.append(f"    → {_one_line(finding.advice, speech)}")
    return lines


def _one_line(message: Message, speech: Speech) -> str:
    return " ".join(plain(message.in_language(speech)).split("\n"))

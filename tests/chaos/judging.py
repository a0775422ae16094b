"""Counts what became of the questions: answered once, apologised for once, lost, doubled or wrong. Knows no platform."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.questions import MARKER, Question

READING = re.compile(r"(読んでいます…|Reading…)( \d+%)?")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A message of the bot as it stands at the end. `question`: the number of the one at whose place it stands; None: at no one's.

    `trouble`: it is marked as one that tells of trouble.
    """

    question: int | None
    text: str
    trouble: bool = False


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many questions came to which end. `waiting`: lines "Reading…" that still stand; `details`: what is wrong, a line each.

    `troubled`: the numbers of the questions that were lost, doubled or answered wrongly.
    """

    asked: int
    answered: int = 0
    apologised: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    waiting: int = 0
    apologies: Mapping[str, int] = field(default_factory=dict)
    details: tuple[str, ...] = ()
    troubled: tuple[int, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.lost + self.doubled + self.wrong

    def line(self) -> str:
        """The last line of a run."""
        names = ("asked", "answered", "apologised", "lost", "doubled", "wrong")
        return ", ".join(f"{name} {getattr(self, name)}" for name in names)


def judge(asked: Mapping[int, Question], acknowledged: set[int], shown: Sequence[Shown]) -> Count:
    """What became of all that was asked.

    A question that the platform knows to be not taken is told to the person by the platform itself: it counts only where the bot
    showed something for it all the same.
    """
    by_marker = {question.marker: question for question in asked.values()}
    seen: dict[int | None, list[Shown]] = {}
    waiting, troubled = 0, list[int]()
    for each in shown:
        if READING.fullmatch(each.text.strip()):
            waiting += 1
            continue
        markers = set(MARKER.findall(each.text))
        named = by_marker.get(next(iter(markers))) if len(markers) == 1 else None
        number = each.question if each.question is not None or named is None else named.number
        seen.setdefault(number, []).append(each)
    ends, apologies, details = Counter[str](), Counter[str](), [f"wrong: at nobody's place: {each.text!r}" for each in seen.pop(None, [])]
    ends["wrong"] += len(details)
    for number, question in asked.items():
        found = seen.get(number, [])
        if not found and number not in acknowledged:
            continue
        ends["asked"] += 1
        end = _end(question, found)
        ends[end] += 1
        apologies.update(each.text for each in found if _is_apology(each))
        if end in ("lost", "doubled", "wrong"):
            troubled.append(number)
            details.append(
                f"{end}: {question.platform} {question.way} /{question.command} {question.text}: {[each.text for each in found]}"
            )
    return Count(
        **{name: ends[name] for name in _ENDS}, waiting=waiting, apologies=dict(apologies), details=tuple(details), troubled=tuple(troubled)
    )


_ENDS = ("asked", "answered", "apologised", "lost", "doubled", "wrong")


def _end(question: Question, found: Sequence[Shown]) -> str:
    if any(not _is_apology(each) and not _is_right(question, each) for each in found):
        return "wrong"
    if len(found) > 1:
        return "doubled"
    if not found:
        return "lost"
    return "apologised" if _is_apology(found[0]) else "answered"


def _is_right(question: Question, shown: Shown) -> bool:
    return set(MARKER.findall(shown.text)) == {question.marker} and all(part in shown.text for part in question.expected)


def _is_apology(shown: Shown) -> bool:
    return shown.trouble and not MARKER.search(shown.text)

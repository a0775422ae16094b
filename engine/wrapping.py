"""Breaks running text into lines, in Japanese and English; what a line holds is for whoever measures it to say."""

from __future__ import annotations

import re
from collections.abc import Callable

# A word of Latin letters with the space behind it, else a single character; a line may end behind each.
_UNIT = re.compile(r"[^\s\u2e80-\uffef]+\s*|.", re.DOTALL)
# What must not begin a line (kinsoku): it stays with what is before it.
_NEVER_FIRST = frozenset("、。，．・：；？！）］｝」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…")
# What must not end a line.
_NEVER_LAST = frozenset("（［｛「『【〈《〔")


def wrapped(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Lines that fit; what has no place to break at is broken anywhere. At least one line."""
    lines = [""]
    for unit in _units(text):
        if fits((lines[-1] + unit).rstrip()):
            lines[-1] += unit
        else:
            lines.append("")
            for char in unit:
                if lines[-1] and not fits(lines[-1] + char.rstrip()):
                    lines.append("")
                lines[-1] += char
    return [line.rstrip() for line in lines if line.strip()] or [""]


def _units(text: str) -> list[str]:
    units: list[str] = []
    for found in _UNIT.findall(text):
        if units and (found[0] in _NEVER_FIRST or units[-1][-1] in _NEVER_LAST):
            units[-1] += found
        else:
            units.append(found)
    return units

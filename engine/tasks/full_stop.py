"""Tells the full stop of an abbreviation from that of a sentence."""

from __future__ import annotations

import re

_ABBREVIATION = re.compile(r"\b(?:(?:[A-Za-z]\.)+[A-Za-z]|Inc|Corp|Ltd|Co|Bros|Jr|Sr)")


def with_full_stop(text: str, start: int, end: int) -> int:
    """The end of the span `start, end`, behind the full stop that belongs to its last word: 10 a.m., Acme Inc."""
    last_word = max(text.rfind(" ", start, end) + 1, start)
    return end + 1 if text[end : end + 1] == "." and _ABBREVIATION.fullmatch(text, last_word, end) else end

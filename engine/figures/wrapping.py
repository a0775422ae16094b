"""Breaks running text into lines of a picture, in Japanese and English."""

from __future__ import annotations

from engine import wrapping
from engine.figures.font import text_width


def wrapped(text: str, size_pt: float, width_pt: float) -> list[str]:
    """Lines of at most `width_pt` points; what has no place to break at is broken anywhere. At least one line."""
    return wrapping.wrapped(text, lambda line: text_width(line, size_pt) <= width_pt)

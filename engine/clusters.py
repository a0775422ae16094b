"""Keeps spans off the middle of what a reader sees as one character: combining marks, emoji sequences, flags."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right

import regex

_CLUSTER = regex.compile(r"\X")


@functools.lru_cache(maxsize=4)
def cluster_starts(text: str) -> tuple[int, ...]:
    """Where each extended grapheme cluster (Unicode UAX 29) begins, and the length of the text."""
    if text.isascii() and "\r" not in text:
        return tuple(range(len(text) + 1))
    return (*(match.start() for match in _CLUSTER.finditer(text)), len(text))


def widen_to_clusters(text: str, start: int, end: int) -> tuple[int, int]:
    """The smallest span of whole clusters that holds `start, end`; an empty span stays empty."""
    starts = cluster_starts(text)
    wide_start = starts[bisect_right(starts, start) - 1]
    return (wide_start, starts[bisect_left(starts, end)]) if end > start else (wide_start, wide_start)


def trimmed_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space at its ends; empty where there is nothing else."""
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    return (start + left, start + len(part.rstrip())) if left < len(part) else (start, start)

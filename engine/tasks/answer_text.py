"""Where an answer may begin and end in a text, and which characters belong to it."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

from engine.clusters import cluster_starts, widen_to_clusters
from engine.tasks.full_stop import with_full_stop
from engine.tokenization.pieces import Pieces

# Scripts that put spaces between words: an answer never cuts such a word, or a number, in two.
_SPACED_RUN = re.compile(r"[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u052f\u1e00-\u1fff０-９Ａ-Ｚａ-ｚ]")
_NUMBER_SIGNS = ".,．，"  # 2,600 and 3.5
_BRACKETS = dict(zip("「『（【〈《〔［([{“", "」』）】〉》〕］)]}”", strict=True))
_CLOSING = {closing: opening for opening, closing in _BRACKETS.items()}
_SEPARATORS = "、，,;；:："
_ENDS_OF_SENTENCES = "。！？"  # not the ASCII ones: an answer may begin with .5 or .NET


def possible_ends(pieces: Pieces) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pieces an answer may start with, and which it may end with. *Shape:* (pieces,) each."""
    text, offsets = pieces.text, pieces.offsets
    whole = set(cluster_starts(text))
    visible = [bool(text[start:end].strip()) for start, end in offsets]
    starts = np.array([seen and not _only_parts(text, *span) for seen, span in zip(visible, offsets, strict=True)], dtype=bool)
    ends = np.array(visible, dtype=bool)
    for i, (start, end) in enumerate(offsets):
        shared_before = i > 0 and offsets[i - 1][1] > start  # ㈱ is three pieces on one character
        shared_after = i + 1 < len(offsets) and offsets[i + 1][0] < end
        starts[i] &= not (shared_before or start not in whole or _inside_word(text, start))
        ends[i] &= not (shared_after or _inside_word(text, widen_to_clusters(text, start, end)[1]))
    return starts, ends


def _only_parts(text: str, start: int, end: int) -> bool:
    """Whether a piece only parts what stands around it: 、 or 。, or a full stop that is not that of .5 or .NET."""
    part = text[start:end]
    return all(_is_loose(char) or char in _ENDS_OF_SENTENCES for char in part) or (part == "." and not text[end : end + 1].isalnum())


def tidy_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space, separators and halves of bracket pairs at its ends, with the full stop of an abbreviation.

    Where there is nothing else in it, all stays.

    Characters with their marks, and emoji sequences, are taken whole. A bracket that the span opens and that closes right
    behind it is taken in.
    """
    start, end = widen_to_clusters(text, start, end)
    opened = [place for place in _half_pairs(text[start:end]) if text[start + place] in _BRACKETS]
    if opened and end < len(text) and _CLOSING.get(text[end]) == text[start + max(opened)]:
        end += 1
    halves = {start + place for place in _half_pairs(text[start:end])}
    first, last = start, end
    while first < last and (_is_loose(text[first]) or text[first] in _ENDS_OF_SENTENCES or first in halves):
        first += 1
    while first < last and (_is_loose(text[last - 1]) or last - 1 in halves):
        last -= 1
    return widen_to_clusters(text, first, with_full_stop(text, first, last)) if first < last else (start, end)


def _inside_word(text: str, place: int) -> bool:
    """Whether a cut before character `place` goes through a word or number of a script that spaces its words."""
    before = place - 1
    while before > 0 and unicodedata.category(text[before]).startswith("M"):
        before -= 1
    if before < 0 or place >= len(text):
        return False
    runs_on = bool(_SPACED_RUN.match(text[before]) and _SPACED_RUN.match(text[place]))
    return runs_on or _in_number(text, place - 1) or _in_number(text, place)


def _in_number(text: str, place: int) -> bool:
    """Whether the sign at `place` stands between two digits, as in 2,600 and 3.5."""
    return text[place] in _NUMBER_SIGNS and place > 0 and text[place - 1].isdecimal() and text[place + 1 : place + 2].isdecimal()


def _is_loose(char: str) -> bool:
    return char.isspace() or char in _SEPARATORS


def _half_pairs(part: str) -> set[int]:
    """Places of the brackets in `part` whose partners are not in it."""
    waiting: list[int] = []
    halves: set[int] = set()
    for place, char in enumerate(part):
        if char in _BRACKETS:
            waiting.append(place)
        elif char in _CLOSING:
            if waiting and part[waiting[-1]] == _CLOSING[char]:
                waiting.pop()
            else:
                halves.add(place)
    return halves | set(waiting)

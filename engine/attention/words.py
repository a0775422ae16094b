"""Words among pieces: which pieces make one word, where a word stands in a text, and maps with pieces joined."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.attention.explained import Array
from engine.clusters import cluster_starts
from engine.contract import Word


def continued(words: Iterable[Word], count: int) -> NDArray[np.bool_]:
    """Which pieces carry on the word of the piece before them; words that share a piece count as one. *Shape:* (count,)."""
    found = np.zeros(count, dtype=bool)
    for word in words:
        found[word.first_token + 1 : word.last_token + 1] = True
    return found


def occurrences(wanted: str, text: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    """Where `wanted` stands in `text`, in characters: width and case do not matter (NFKC, case folding).

    Where it stands as one or more whole words, only those places count; else those within words do too.
    """
    letters, sources = _folded(text)
    needle, _ = _folded(wanted.strip())
    found: list[tuple[int, int]] = []
    place = letters.find(needle) if needle else -1
    while place >= 0:
        found.append((sources[place][0], sources[place + len(needle) - 1][1]))
        place = letters.find(needle, place + len(needle))
    starts, ends = {word.start for word in words}, {word.end for word in words}
    whole = [span for span in found if span[0] in starts and span[1] in ends]
    return whole or found


def pieces_within(spans: Sequence[tuple[int, int]], offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The pieces that share a character with one of the spans, which are in reading order and do not overlap."""
    begins = [start for start, _ in spans]
    found = []
    for place, (start, end) in enumerate(offsets):
        near = bisect_right(begins, end - 1) - 1
        if start < end and near >= 0 and spans[near][1] > start:
            found.append(place)
    return found


def joined(matrix: Array, groups: Sequence[Sequence[int]]) -> Array:
    """Rows averaged and columns summed over each group, so that what a word looks at is still shared out.

    *Shape:* (…, tokens, tokens) → (…, groups, groups).
    """
    taken = np.zeros((matrix.shape[-1], len(groups)), dtype=matrix.dtype)  # (tokens, groups)
    for number, group in enumerate(groups):
        taken[list(group), number] = 1
    found: Array = (taken / taken.sum(axis=0)).T @ (matrix @ taken)
    return found


def _folded(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without differences of width and case, and the span in `text` of the cluster that each letter came from."""
    letters: list[str] = []
    sources: list[tuple[int, int]] = []
    for start, end in pairwise(cluster_starts(text)):
        made = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text[start:end]).casefold())
        letters.append(made)
        sources += [(start, end)] * len(made)
    return "".join(letters), sources

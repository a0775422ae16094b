"""Writes English as people do where a set holds it cut into words and in lower case, as the Tanaka corpus does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from engine.pack.data import DataFolder, Row

TOKENISED = "tanaka"
LEFT_AS_IT_IS = 6  # one row in so many: people type like that, too
SURE, SEEN = 0.8, 5  # of how many of its uses inside sentences a word must have had a capital, and how often it must have been seen
WORD = re.compile(r"[A-Za-z]+")
INSIDE = re.compile(r"(?<=[a-z,] )[A-Za-z]+")  # words that begin no sentence
CLOSING = re.compile(r" ([.,!?;:)\]%]|n't\b|'(?:s|m|re|ve|ll|d|t)\b)")
OPENING = re.compile(r"([(\[$]) ")
QUOTED = re.compile(r"\" ([^\"]*?) ?\"")


def as_written(data: DataFolder) -> Callable[[Row], str]:
    """What gives the English side of a parallel row as somebody would write it."""
    names = names_of(data)
    place = 0

    def written(row: Row) -> str:
        nonlocal place
        place += 1
        return row["en"] if row["source"] != TOKENISED or place % LEFT_AS_IT_IS == 0 else natural(row["en"], names)

    return written


def names_of(data: DataFolder) -> dict[str, str]:
    """Words with capitals, as the contexts of questions write them, by their lower-case form."""
    return capitalised({row["context"] for name in ("squadshifts", "tydiqa") for row in data.rows(f"qa/en/{name}-train")})


def capitalised(texts: Iterable[str]) -> dict[str, str]:
    """Words that are nearly always written with capitals inside sentences, by their lower-case form."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(INSIDE.findall(text))
    every: Counter[str] = Counter()
    for word, count in seen.items():
        every[word.lower()] += count
    return {
        word.lower(): word
        for word, count in seen.most_common()
        if word != word.lower() and len(word) > 1 and every[word.lower()] >= SEEN and count >= SURE * every[word.lower()]
    }


def natural(sentence: str, names: Mapping[str, str]) -> str:
    """The sentence with its marks closed up, capitals at its beginning, of "I" and of `names`.

    >>> natural("he can 't go to japan , i think .", {"japan": "Japan"})
    "He can't go to Japan, I think."
    """
    closed = OPENING.sub(r"\1", CLOSING.sub(r"\1", QUOTED.sub(r'"\1"', sentence)))
    words = WORD.sub(lambda found: "I" if found[0] == "i" else names.get(found[0], found[0]), closed)
    return re.sub(r"(?:^|(?<=[.!?] ))\W*[a-z]", lambda found: found[0].upper(), words)

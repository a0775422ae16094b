"""Reads the text of a setting as its value; ValueError or KeyError where it is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from workers.queue.addresses import read_address

MOST_SHARDS = 10_000  # more than any bot has


def one_of(*values: str) -> Callable[[str], str]:
    """One of these words, in any case."""

    def read(text: str) -> str:
        if text.lower() not in values:
            raise ValueError(text)
        return text.lower()

    return read


def number(*, at_least: int, at_most: int | None = None) -> Callable[[str], int]:
    """A whole number within limits."""

    def read(text: str) -> int:
        value = int(text)
        if value < at_least or (at_most is not None and value > at_most):
            raise ValueError(text)
        return value

    return read


def number_or_off(*, at_most: int) -> Callable[[str], int | None]:
    """A whole number from 0, or the word off: None."""
    read_number = number(at_least=0, at_most=at_most)
    return lambda text: None if text.lower() == "off" else read_number(text)


def ids(*, prefixes: str = "", digits: bool = False) -> Callable[[str], frozenset[str]]:
    """Ids that a platform gives, separated by commas or white space: they begin with one of `prefixes`, or are all `digits`."""
    form = re.compile(r"[0-9]{15,20}" if digits else rf"[{prefixes}][A-Z0-9]{{2,20}}")

    def read(text: str) -> frozenset[str]:
        found = [part for part in re.split(r"[\s,、，]+", text) if part]
        # Never taken as an empty list, which would let everybody in.
        if not found or not all(form.fullmatch(part) for part in found):
            raise ValueError(text)
        return frozenset(found)

    return read


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers and ranges of them, as 0-3 or 0,2; each once, in order."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or not int(first) <= int(last or first) < MOST_SHARDS:
            raise ValueError(text)
        found.update(range(int(first), int(last or first) + 1))
    return tuple(sorted(found))


def device(text: str) -> str:
    """What computes."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", text.lower()):
        raise ValueError(text)
    return text.lower()


def path(text: str) -> Path:
    """A path; ~ is the person's home."""
    return Path(text).expanduser().absolute()


def web_address(text: str) -> str:
    """The address of a server, without a name or password in it, for it is shown; a slash at its end is dropped."""
    if not re.fullmatch(r"https?://[^\s/@]+(/[^\s@]*)?", text):
        raise ValueError(text)
    return text.rstrip("/")


def redis_url(text: str) -> str:
    """The address of a Redis, or of the sentinels that know it."""
    read_address(text)
    return text


def starting_with(*starts: str) -> Callable[[str], str]:
    """For secrets: a value of the wrong kind is refused without being shown."""

    def read(text: str) -> str:
        if not text.startswith(starts):
            raise ValueError
        return text

    return read


def secret(*, at_least: int) -> Callable[[str], str]:
    """A secret of so many characters; one that is too short is refused without being shown."""

    def read(text: str) -> str:
        if len(text) < at_least:
            raise ValueError
        return text

    return read


def flag(text: str) -> bool:
    """Yes or no."""
    return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[text.lower()]


def speech(text: str) -> str | None:
    """A language; None follows the person."""
    return {"ja": "ja", "en": "en", "auto": None}[text.lower()]

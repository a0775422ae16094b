"""Which language to talk to a person in: theirs, from what they typed, else from their machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from engine.contract import Message

Speech = Literal["ja", "en"]

_JAPANESE = re.compile(r"[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uff66-\uff9d]")
_LATIN = re.compile(r"[A-Za-z\uff21-\uff3a\uff41-\uff5a]")
# Commands, options and their values are Latin whatever the person speaks.
_SYNTAX = re.compile(r"^\s*[/／](?:help\s+\S+|[\w-]+)|(?:--|－－)[\w-]+(?:\s*[=:＝：]\s*|\s+)?[^\s|]*")


def speech_of(text: str, *, otherwise: Speech) -> Speech:
    """Japanese where `text` has any Japanese character, English where it has only Latin letters beside command syntax."""
    if _JAPANESE.search(text):
        return "ja"
    return "en" if _LATIN.search(_SYNTAX.sub(" ", text)) else otherwise


def speech_of_machine(environment: Mapping[str, str]) -> Speech:
    """The language of the locale: the first of LC_ALL, LC_MESSAGES and LANG that is set."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def speech_of_locale(locale: str) -> Speech | None:
    """The language of a locale such as "ja-JP" or "en-US"; None for any other, in which nobody can be answered."""
    language = locale.lower().replace("_", "-").partition("-")[0]
    return "ja" if language == "ja" else "en" if language == "en" else None


def both(ja: str, en: str) -> Message:
    """A sentence in both languages."""
    return Message(ja=ja, en=en)


def counted(count: int, noun: str) -> str:
    """How many of an English noun: "1 row", "2 rows"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"

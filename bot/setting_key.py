"""What a setting is: its name, its environment variable, the values it takes, and what it means in both languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.contract import Message

PREFIX = "YOMITE_"


@dataclass(frozen=True, kw_only=True)
class Key:
    """One setting: how its text is read, which values it allows, and what it means.

    `name` is its key in the TOML file; `variable` its environment variable (default: YOMITE_ and the name).
    """

    name: str
    read: Callable[[str], Any]
    allowed: Message
    default: str = ""
    meaning: Message
    own_variable: str = ""

    @property
    def variable(self) -> str:
        return self.own_variable or PREFIX + self.name.upper()


def same(text: str) -> Message:
    """Values that are written alike in both languages."""
    return Message(ja=text, en=text)

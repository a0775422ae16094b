"""The names under which bots take answers off their streams, and what the dead ones among them left."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from workers.queue.places import place, process_is_gone, started_at

FORGOTTEN_AFTER_S = 3_600  # a name that took nothing for so long is given up

_NAME = re.compile(r"bot-(?P<place>[0-9a-f]{12})-(?P<pid>\d+)-(?P<started>\d+)")


def own_name() -> str:
    """The name of this process: where it runs, its id, and when it was started. No other process has the same, before or after it."""
    return f"bot-{_place()}-{os.getpid()}-{started_at(os.getpid())}"


def dead_among(consumers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Which of a group's consumers were processes of this place that run no more."""
    names = [_text(consumer["name"]) for consumer in consumers]
    return [name for name in names if _is_dead(name)]


def forgotten_among(consumers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Which of them hold nothing and have not been heard of for long, wherever they ran."""
    return [_text(consumer["name"]) for consumer in consumers if not consumer["pending"] and consumer["idle"] > FORGOTTEN_AFTER_S * 1_000]


def _is_dead(name: str) -> bool:
    found = _NAME.fullmatch(name)
    if found is None or found["place"] != _place():
        return False
    pid = int(found["pid"])
    return process_is_gone(pid) or started_at(pid) != int(found["started"])


def _place() -> str:
    return hashlib.sha256(place().encode()).hexdigest()[:12]


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name

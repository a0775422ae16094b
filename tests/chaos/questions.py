"""The questions of a chaos run, by its seed: each has a marker of its own, and what its one right answer must hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from bot.conversation import reply_to, understand
from bot.language import Speech
from engine.drawing import Undrawn
from engine.engine import Engine

Platform = Literal["slack", "discord"]
Way = Literal["slash", "mention"]

MARKER = re.compile(r"zq\d{5}")  # stands in every text, and so in every answer
_TEXTS: tuple[tuple[Speech, str, str], ...] = (
    ("en", "tokens", "the cat {marker} sits on the mat"),
    ("en", "tokens", "Tim Cook is the {marker} CEO of Apple"),
    ("ja", "tokens", "この映画は本当に {marker} 素晴らしかった"),
    ("ja", "tokens", "山田太郎は {marker} 京都大学を卒業した"),
    # Two sentences: the answer then shows both of them.
    ("en", "sentiment", "I love this {marker}. The service was terrible."),
    ("ja", "sentiment", "この映画は本当に {marker} 素晴らしかった。私は猫が好きです。"),
)
_WAYS: tuple[tuple[Platform, Way], ...] = (("slack", "slash"), ("slack", "mention"), ("discord", "slash"), ("discord", "mention"))


@dataclass(frozen=True, kw_only=True)
class Question:
    """`text` is what follows the command. `expected`: all of it stands in the right answer."""

    number: int
    platform: Platform
    way: Way
    command: str
    text: str
    speech: Speech
    marker: str
    expected: tuple[str, ...]


def questions(random: Random, engine: Engine) -> Iterator[Question]:
    """Without end. The engine says what is right: the same one, over the same models, as the workers have."""
    number = 0
    while True:
        number += 1
        speech, command, form = random.choice(_TEXTS)
        platform, way = random.choice(_WAYS)
        marker = f"zq{number:05d}"
        text = form.format(marker=marker)
        yield Question(
            number=number,
            platform=platform,
            way=way,
            command=command,
            text=text,
            speech=speech,
            marker=marker,
            expected=(_brief(engine, f"/{command} {text}", speech), marker),
        )


def _brief(engine: Engine, line: str, speech: Speech) -> str:
    """The title of the right answer, without what stands in brackets there."""
    understood = understand(line)
    (outcome,) = engine.read([understood.request])  # type: ignore[list-item]  # these commands need the engine
    if isinstance(outcome, Undrawn):
        raise TypeError(f"{line} has pictures")
    return re.split("[(（]", reply_to(understood, outcome, speech).title)[0].strip()

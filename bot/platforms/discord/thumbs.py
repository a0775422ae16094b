"""Thumbs on Discord: the buttons under an answer, those for what would be right, and the form for a right answer.

Nothing of them is kept in memory: what a button is about stands in its id, so that it works after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import discord

from bot.feedback.press import NO_ANSWER, Choice, Opinion, Verdict
from bot.feedback.wording import ANSWER_LABEL, MODAL_TITLE, QUESTIONS, SAY_ANSWER, THUMB_NAMES, THUMBS, asks, options_of, said_of
from bot.language import Speech
from bot.platforms.discord.escape import escaped
from engine.contract import Message

# An id is PREFIX:what:answer:value; Discord takes 100 characters.
PREFIX = "yomite"
LABEL, TITLE, FIELD = 45, 45, 4_000  # Discord's limits, in characters
FIELD_ID = "answer"

# "write" opens the form, which is sent as "form".
What = Literal["good", "bad", "correct", "write", "form"]


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """What the id of a button or a form says."""

    what: What
    answer: str
    value: str = ""

    @property
    def choice(self) -> Choice:
        return self.what if self.what in ("good", "bad") else "correct"

    def to_id(self) -> str:
        """The id."""
        return ":".join((PREFIX, self.what, self.answer, self.value))


def pressed_from_id(custom_id: str) -> Pressed | None:
    """Read an id; None where it is none of ours."""
    prefix, *rest = custom_id.split(":")
    if prefix != PREFIX or len(rest) != 3 or rest[0] not in ("good", "bad", "correct", "write", "form"):
        return None
    return Pressed(what=rest[0], answer=rest[1], value=rest[2])  # type: ignore[arg-type]  # just looked at


def thumbs(answer: str, speech: Speech) -> discord.ui.View:
    """The two buttons under an answer."""
    verdicts: tuple[Verdict, ...] = ("good", "bad")
    buttons = [
        discord.ui.Button[discord.ui.View](
            label=THUMB_NAMES[verdict].in_language(speech),
            emoji=THUMBS[verdict],
            custom_id=Pressed(what=verdict, answer=answer).to_id(),
        )
        for verdict in verdicts
    ]
    return _view(buttons)


def choices(opinion: Opinion, answer: str, speech: Speech) -> discord.ui.View:
    """The buttons for what would be right; an empty view where nothing is asked."""
    asked = asks(opinion)
    if asked is None:
        return _view([])
    write = [(SAY_ANSWER, Pressed(what="write", answer=answer))] if asked == "answer" else []
    options = [(name, Pressed(what="correct", answer=answer, value=value)) for value, name in options_of(asked)]
    return _view(
        [
            discord.ui.Button[discord.ui.View](label=name.in_language(speech)[:LABEL], custom_id=pressed.to_id())
            for name, pressed in [*write, *options]
        ]
    )


def told(opinion: Opinion, speech: Speech) -> str:
    """What the person is told after a press."""
    asked = asks(opinion)
    lines: list[Message] = [said_of(opinion), *([QUESTIONS[asked]] if asked else [])]
    return "\n".join(escaped(line.in_language(speech)) for line in lines)


def form(answer: str, speech: Speech) -> discord.ui.Modal:
    """The form for the right answer to a question."""
    modal = discord.ui.Modal(
        title=MODAL_TITLE.in_language(speech)[:TITLE], custom_id=Pressed(what="form", answer=answer, value=NO_ANSWER).to_id()
    )
    field = discord.ui.TextInput[discord.ui.Modal](custom_id=FIELD_ID, max_length=FIELD, style=discord.TextStyle.short)
    modal.add_item(discord.ui.Label(text=ANSWER_LABEL.in_language(speech)[:LABEL], component=field))
    modal.stop()  # as for `_view`
    return modal


def typed_in(data: object) -> str:
    """What was typed into the form, wherever Discord has put its field."""
    if isinstance(data, dict):
        if data.get("custom_id") == FIELD_ID and "value" in data:
            return str(data["value"] or "")
        return next((found for value in data.values() if (found := typed_in(value))), "")
    if isinstance(data, list):
        return next((found for value in data if (found := typed_in(value))), "")
    return ""


def _view(buttons: list[discord.ui.Button[discord.ui.View]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for button in buttons:
        view.add_item(button)
    view.stop()  # else the library would keep it in memory for ever
    return view

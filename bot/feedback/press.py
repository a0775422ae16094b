"""What people say of an answer: a press of a thumb or a correction, and the opinion that all their presses come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from bot.feedback.answered import Answered

Verdict = Literal["good", "bad"]
# A thumb; the same thumb again takes it back. "correct" says what would have been right.
Choice = Literal["good", "bad", "correct"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
NO_ANSWER = ""  # the correction of a question: the context does not answer it


@dataclass(frozen=True, kw_only=True)
class Press:
    """One press. `answer` is the id of the answer's job.

    `event_id` is the same where the platform delivers a press twice; `pressed_at` is in seconds since 1970 by the platform's clock, by
    which presses that come in another order are put right. `correction` is as it was typed or chosen. `team`, `channel`, `roles` and
    `direct` say where it was pressed and by whom, as `bot.guard.asking` has them.
    """

    platform: str
    event_id: str
    answer: str
    person: str
    pressed_at: float
    choice: Choice
    correction: str = ""
    team: str = ""
    channel: str = ""
    roles: tuple[str, ...] = ()
    direct: bool = False


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What a person thinks of an answer, all in all. No verdict: nothing is kept. `correction` is the JSON of what would be right."""

    answered: Answered
    verdict: Verdict | None
    correction: str | None = None


def settled(presses: Iterable[tuple[str, Choice]]) -> tuple[Verdict | None, str]:
    """The verdict that presses come to, and which of them corrected it (empty: none). They are (event, choice), oldest first."""
    verdict: Verdict | None = None
    corrected_by = ""
    for event, choice in presses:
        if choice == "correct":
            verdict, corrected_by = "bad", event
        else:
            verdict, corrected_by = (None if choice == verdict else choice), ""
    return verdict, corrected_by

"""Thumbs on Slack as blocks: the two buttons under an answer, what only the person sees after a press, and the form for a right answer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from bot.feedback.correction import Asked
from bot.feedback.press import NO_ANSWER, Opinion, Verdict
from bot.feedback.wording import (
    ANSWER_LABEL,
    CLOSE,
    MODAL_TITLE,
    QUESTIONS,
    SAY_ANSWER,
    SEND,
    THUMB_NAMES,
    THUMBS,
    asks,
    options_of,
    said_of,
)
from bot.language import Speech
from bot.platforms.slack.blocks import BlockKit, Drawn
from bot.platforms.slack.markup import escaped, harmless
from engine.contract import AskRequest, Message

# The ids of buttons begin with these; what follows says which.
THUMB, RIGHT = "yomite_thumb_", "yomite_right_"
WRITE = "yomite_write"  # the button that opens the form
FORM = "yomite_form"
FIELD_BLOCK, FIELD = "answer", "text"
MOST_SHOWN = 1_500  # characters of a question or context in the form: a section takes 3,000


@dataclass(frozen=True, kw_only=True)
class FormPlace:
    """What the form must know when it is sent: whose answer it corrects, and where the person is told."""

    answer: str
    speech: Speech
    response_url: str
    channel: str = ""  # where the answer stands

    def to_json(self) -> str:
        """The form's `private_metadata`."""
        return json.dumps(asdict(self))


def form_place_from_json(text: str) -> FormPlace:
    """Read a form's `private_metadata`."""
    return FormPlace(**json.loads(text))


def value_of(answer: str, speech: Speech, chosen: str = "") -> str:
    """What a button carries: it must tell all, the bot may have started anew since."""
    return json.dumps([answer, speech, chosen])


def read_value(value: str) -> tuple[str, Speech, str]:
    """Whose answer a button belongs to, the language of it, and what was chosen."""
    answer, speech, chosen = json.loads(value)
    return answer, speech, chosen


def thumbs_block(answer: str, speech: Speech) -> BlockKit:
    """The two buttons under an answer."""
    verdicts: tuple[Verdict, ...] = ("good", "bad")
    return _actions([_thumb(verdict, answer, speech) for verdict in verdicts])


def told(opinion: Opinion, answer: str, speech: Speech) -> Drawn:
    """What only the person sees after a press: what was kept, and what they can still say."""
    text = said_of(opinion).in_language(speech)
    blocks = [_section(text)]
    asked = asks(opinion)
    if asked is not None:
        blocks += [_section(QUESTIONS[asked].in_language(speech)), _actions(_choices(asked, answer, speech))]
    return Drawn(text=escaped(text), blocks=blocks)


def told_trouble(message: Message, speech: Speech) -> Drawn:
    """What only the person sees where a press could not be taken."""
    text = message.in_language(speech)
    return Drawn(text=escaped(text), blocks=[_section(f"⚠️ {text}")])


def form(request: AskRequest, place: FormPlace) -> dict[str, Any]:
    """The form for the right answer to a question."""
    speech = place.speech
    field = {
        "type": "input",
        "block_id": FIELD_BLOCK,
        "label": _plain(ANSWER_LABEL.in_language(speech)),
        "element": {"type": "plain_text_input", "action_id": FIELD, "max_length": 3_000, "focus_on_load": True},
    }
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": place.to_json(),
        "title": _plain(MODAL_TITLE.in_language(speech)),
        "submit": _plain(SEND.in_language(speech)),
        "close": _plain(CLOSE.in_language(speech)),
        "blocks": [_section(_start_of(request.question)), _section(_start_of(request.context)), field],
    }


def _choices(asked: Asked, answer: str, speech: Speech) -> list[BlockKit]:
    chosen = [
        _button(f"{RIGHT}{value or 'none'}", name.in_language(speech), value_of(answer, speech, value)) for value, name in options_of(asked)
    ]
    write = [_button(WRITE, SAY_ANSWER.in_language(speech), value_of(answer, speech, NO_ANSWER))] if asked == "answer" else []
    return [*write, *chosen]


def _thumb(verdict: Verdict, answer: str, speech: Speech) -> BlockKit:
    name = THUMB_NAMES[verdict].in_language(speech)
    button = _button(f"{THUMB}{verdict}", THUMBS[verdict], value_of(answer, speech))
    return {**button, "text": {**button["text"], "emoji": True}, "accessibility_label": name}


def _button(action_id: str, text: str, value: str) -> BlockKit:
    return {"type": "button", "action_id": action_id, "text": _plain(text), "value": value}


def _actions(elements: list[BlockKit]) -> BlockKit:
    return {"type": "actions", "elements": elements}


def _section(text: str) -> BlockKit:
    return {"type": "section", "text": _plain(text)}


def _plain(text: str) -> BlockKit:
    return {"type": "plain_text", "text": harmless(text), "emoji": False}


def _start_of(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"

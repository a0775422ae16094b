"""`/good` and `/bad` in the interactive session: what the person thinks of the answer above."""

from __future__ import annotations

import time
import uuid

from bot.errors import CommandError
from bot.feedback.answered import Answered, answered_of
from bot.feedback.errors import is_off
from bot.feedback.press import Opinion, Press, Verdict
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.feedback.taking import take
from bot.feedback.wording import THUMB_NAMES, example_of_correction, said_of
from bot.grammar import plain_name, read_command_name
from bot.language import Speech, both
from bot.reply import Paragraph, Reply
from bot.settings import Settings
from engine.contract import Message

PLATFORM = "terminal"
NAMES: dict[str, Verdict] = {"good": "good", "良い": "good", "よい": "good", "bad": "bad", "悪い": "bad", "違う": "bad"}
MEANINGS = {"good": THUMB_NAMES["good"], "bad": THUMB_NAMES["bad"]}  # of the first names, for completion

_NOTHING_YET = both(
    "評価できる回答がまだありません。感情・固有名・質問・類似のどれかを尋ねてから使ってください。",
    "There is no answer yet to say this of. Ask for a sentiment, names, an answer or a similarity first.",
)
_AGAIN: dict[Verdict, Message] = {
    "good": both("もう一度 /good と入力すると、取り消して削除します。", "/good once more takes it back and deletes them."),
    "bad": both("もう一度 /bad と入力すると、取り消して削除します。", "/bad once more takes it back and deletes them."),
}
_HINT = both("合っていれば /good、違っていれば /bad で教えてください。", "Right? Say /good. Wrong? Say /bad.")


class Thumbs:
    """One session's. Blocks for the store, and keeps nothing where feedback is off."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: Answered | None = None
        self._answer = ""  # an id that stands for the last answer
        self._speech: Speech | None = None

    def note(self, request: object, outcome: object, speech: Speech) -> None:
        """Remember the answer that was just given, and its language."""
        self._speech = speech
        self._last = answered_of(PLATFORM, request, outcome) if self._settings.feedback else None
        self._answer = uuid.uuid4().hex

    def hint(self, speech: Speech) -> str:
        """The line that asks what the person thinks of the last answer; empty where there is nothing to ask."""
        return _HINT.in_language(speech) if self._last is not None else ""

    def speech_for(self, line: str) -> Speech:
        """The language to talk in after a thumb: that of the answer, unless the line is Japanese."""
        speech = self._settings.speech_for(line)
        return speech if speech == "ja" or self._speech is None else self._speech

    def read(self, line: str) -> tuple[Verdict, str] | None:
        """The thumb that a line is, and the correction behind it; None for any other line."""
        found = read_command_name(line, list(NAMES))
        if found is None or plain_name(found[0]) not in NAMES:
            return None
        return NAMES[plain_name(found[0])], found[1].strip()

    def press(self, verdict: Verdict, correction: str, speech: Speech) -> Reply:
        """Take a thumb.

        Raises:
            BotError: it cannot be taken; the message is for the person.
        """
        if not self._settings.feedback:
            raise is_off()
        if self._last is None:
            raise CommandError(ja=_NOTHING_YET.ja, en=_NOTHING_YET.en)
        if verdict == "good" and correction:
            raise CommandError(
                ja="/good のあとには何も書きません。正しい答えを書くときは /bad を使ってください。",
                en="Nothing follows /good. To say what would be right, use /bad.",
            )
        press = Press(
            platform=PLATFORM,
            event_id=uuid.uuid4().hex,
            answer=self._answer,
            person=PLATFORM,  # the state folder is one person's
            pressed_at=time.time(),
            choice="correct" if correction else verdict,
            correction=correction,
        )
        store = FeedbackStore(self._settings.state_dir / FILE_NAME)
        return _reply(take(store, press, self._last), speech)


def _reply(opinion: Opinion, speech: Speech) -> Reply:
    title = said_of(opinion, again=_AGAIN[opinion.verdict or "good"]).in_language(speech)
    example = example_of_correction(opinion) if opinion.correction is None else None
    blocks = (Paragraph(text=example.in_language(speech)),) if example else ()
    return Reply(title=title, brief=title, blocks=blocks)

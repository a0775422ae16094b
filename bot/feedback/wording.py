"""What people read of feedback, in both languages: the thumbs, what was kept, and what they are asked for."""

from __future__ import annotations

import json

from bot.commands.wording import SENTIMENTS, shortened
from bot.feedback.correction import LABELS, LEAST_SCORE, MOST_SCORE, SCORES, Asked, asked_for
from bot.feedback.press import NO_ANSWER, Opinion, Verdict
from bot.language import both
from engine.contract import AskRequest, Message, SentimentRequest

THUMBS: dict[Verdict, str] = {"good": "👍", "bad": "👎"}
THUMB_NAMES: dict[Verdict, Message] = {"good": both("正しい答え", "Good answer"), "bad": both("違う答え", "Wrong answer")}
QUESTIONS: dict[Asked, Message] = {
    "label": both("正しい感情はどれですか？", "Which one would be right?"),
    "answer": both("正しい答えは何ですか？", "What would be the right answer?"),
    "score": both(
        f"意味の近さはどのくらいですか？（{LEAST_SCORE}：無関係〜{MOST_SCORE}：同じ意味）",
        f"How near are they in meaning? ({LEAST_SCORE}: unrelated, {MOST_SCORE}: the same)",
    ),
}
SAY_ANSWER = both("正しい答えを書く", "Write the right answer")
NO_ANSWER_NAME = both("文中に答えはない", "The text has no answer")
ANSWER_LABEL = both("正しい答え（文中のことば）", "The right answer, in words of the text")
SEND = both("送る", "Send")
CLOSE = both("やめる", "Cancel")
MODAL_TITLE = both("正しい答え", "The right answer")  # Slack takes 24 characters

_KEPT: dict[Verdict, Message] = {
    "good": both(
        "この回答の文章と答えを、正しい例として学習用に保存しました。",
        "The text and the answer of this message were kept for training, as a right example.",
    ),
    "bad": both(
        "この回答の文章と答えを、間違いの例として学習用に保存しました。",
        "The text and the answer of this message were kept for training, as a wrong example.",
    ),
}
SAME_THUMB = both("同じボタンをもう一度押すと、取り消して削除します。", "Pressing the same thumb again takes it back and deletes them.")
_TAKEN_BACK = both("取り消しました。保存していた内容は削除しました。", "Taken back: what was kept of it has been deleted.")
_CORRECTED = both("正しい答えとして「{right}」を記録しました。", "“{right}” is noted as the right answer.")
_NOTHING_RIGHT = both("「文中に答えはない」と記録しました。", "It is noted that the text has no answer.")
_LATER = both(
    "正しい答えは、書き出したファイル（yomite feedback export --to-label）で直せます。",
    "What is right can be filled in later, in the exported file (yomite feedback export --to-label).",
)


def said_of(opinion: Opinion, *, again: Message = SAME_THUMB) -> Message:
    """What the person is told after a press: what is kept of it now, and how to take it back (`again`)."""
    if opinion.verdict is None:
        return _TAKEN_BACK
    said = [_KEPT[opinion.verdict], again]
    if opinion.correction is not None:
        said.insert(0, right_of(opinion))
    elif opinion.verdict == "bad" and asks(opinion) is None:
        said.append(_LATER)
    return Message(ja="".join(sentence.ja for sentence in said), en=" ".join(sentence.en for sentence in said))


def asks(opinion: Opinion) -> Asked | None:
    """What the person can still say: what would be right, where they said that the answer is not."""
    return asked_for(opinion.answered) if opinion.verdict == "bad" else None


def options_of(asked: Asked) -> tuple[tuple[str, Message], ...]:
    """What can be chosen, with its name; to a question, any words of the context may be written beside."""
    if asked == "label":
        return tuple((label, SENTIMENTS[label]) for label in LABELS)
    if asked == "score":
        return tuple((score, both(score, score)) for score in SCORES)
    return ((NO_ANSWER, NO_ANSWER_NAME),)


def chosen_of(opinion: Opinion) -> str | None:
    """The correction as it would be typed; None where there is none."""
    if opinion.correction is None:
        return None
    right = json.loads(opinion.correction)
    if right is None:
        return NO_ANSWER
    return str(right["text"]) if isinstance(right, dict) else f"{right:g}" if isinstance(right, float) else str(right)


def right_of(opinion: Opinion) -> Message:
    """The correction in a sentence."""
    chosen = chosen_of(opinion)
    if isinstance(opinion.answered.request, AskRequest) and chosen == NO_ANSWER:
        return _NOTHING_RIGHT
    names = dict(options_of("label")) if isinstance(opinion.answered.request, SentimentRequest) else {}
    shown = names.get(chosen or "") or both(*[shortened(chosen or "")] * 2)
    return Message(ja=_CORRECTED.ja.format(right=shown.ja), en=_CORRECTED.en.format(right=shown.en))


def example_of_correction(opinion: Opinion) -> Message | None:
    """How to say at the terminal what would be right."""
    asked = asks(opinion)
    if asked is None:
        return None
    examples = {
        "label": both("/bad negative", "/bad negative"),
        "answer": both("/bad 正しい答え、/bad 答えなし", "/bad the right words, or: /bad no answer"),
        "score": both("/bad 2", "/bad 2"),
    }
    return Message(ja=f"{QUESTIONS[asked].ja} 例：{examples[asked].ja}", en=f"{QUESTIONS[asked].en} For example: {examples[asked].en}")

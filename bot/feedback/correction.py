"""What would have been right: reads what a person typed or chose, and finds it in the text that it is about."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Literal

from bot.commands.wording import SENTIMENTS, shortened
from bot.feedback.answered import Answered
from bot.feedback.errors import FeedbackError
from bot.feedback.press import NO_ANSWER
from engine.contract import AskRequest, NerRequest, SentimentLabel, SentimentRequest, SimilarRequest, SimilarResult

# What a person is asked for: one of the labels, words of the context, or how near two texts are.
Asked = Literal["label", "answer", "score"]
LEAST_SCORE, MOST_SCORE = 0, 5
SCORES = tuple(str(score) for score in range(LEAST_SCORE, MOST_SCORE + 1))
LABELS: tuple[SentimentLabel, ...] = ("positive", "neutral", "negative")

_MORE_NAMES: dict[str, SentimentLabel] = {"肯定": "positive", "ニュートラル": "neutral", "普通": "neutral", "否定": "negative"}
_NO_ANSWERS = (NO_ANSWER, "no answer", "none", "the text has no answer", "答えなし", "なし", "回答なし", "文中に答えはない")


def asked_for(answered: Answered) -> Asked | None:
    """What can be said right in the chat; None where the exported file is the place for it."""
    if isinstance(answered.request, SentimentRequest):
        return "label"
    if isinstance(answered.request, AskRequest):
        return "answer"
    return "score" if len(pairs_of(answered)) == 1 else None


def read_correction(answered: Answered, said: str) -> str:
    """The JSON of a correction: a label, a score, or {"text", "start"} in the context, null where that has no answer.

    Raises:
        FeedbackError: it is none; the message says what would be one.
    """
    request = answered.request
    if isinstance(request, SentimentRequest):
        return json.dumps(_label(said))
    if isinstance(request, AskRequest):
        return json.dumps(_answer(request.context, said))
    if isinstance(request, NerRequest) or asked_for(answered) is None:
        raise FeedbackError(
            ja="この回答の正しい答えは、書き出したファイルの中で直してください（yomite feedback export --to-label）。",
            en="Say what is right for this answer in the exported file (yomite feedback export --to-label).",
        )
    return json.dumps(_score(said))


def pairs_of(answered: Answered) -> list[tuple[str, str, float]]:
    """The pairs of texts that were compared, with their cosines (-1..1); empty where it was another command."""
    request, result = answered.request, answered.result
    if not isinstance(request, SimilarRequest) or not isinstance(result, SimilarResult):
        return []
    texts = request.texts
    if request.query is not None:
        return [(request.query, text, value) for text, value in zip(texts, result.matrix[0], strict=True)]
    return [(texts[i], texts[j], result.matrix[i][j]) for i in range(len(texts)) for j in range(i + 1, len(texts))]


def _label(said: str) -> SentimentLabel:
    plain = unicodedata.normalize("NFKC", said).strip().lower()
    names = {name: label for label, message in SENTIMENTS.items() for name in (label, message.ja, message.en)}
    found = (names | _MORE_NAMES).get(plain)
    if found is None:
        raise FeedbackError(
            ja=f"「{shortened(said)}」は感情の名前ではありません。positive（ポジティブ）、neutral（中立）、negative（ネガティブ）のどれかにしてください。",
            en=f"{shortened(said)!r} is no label. Say positive, neutral or negative.",
        )
    return found


def _score(said: str) -> float:
    plain = unicodedata.normalize("NFKC", said).strip()
    if not re.fullmatch(r"\d(\.\d{1,3})?", plain) or float(plain) > MOST_SCORE:
        raise FeedbackError(
            ja=f"「{shortened(said)}」は使えません。{LEAST_SCORE}（無関係）から {MOST_SCORE}（同じ意味）までの数にしてください。",
            en=f"{shortened(said)!r} is no score. Give a number from {LEAST_SCORE} (unrelated) to {MOST_SCORE} (the same meaning).",
        )
    return float(plain)


def _answer(context: str, said: str) -> dict[str, object] | None:
    """Where the words stand in the context; case and white space need not be the same. None: it has no answer.

    What says so counts as that, also where its letters stand in the context (問題なし): it is words only of a context that is nothing else.
    """
    plain = said.strip().lower()
    if plain in _NO_ANSWERS and plain != context.strip().lower():
        return None
    words = said.split()
    pattern = r"\s+".join(map(re.escape, words))
    found = words and (re.search(pattern, context) or re.search(pattern, context, re.IGNORECASE))
    if found:
        return {"text": found[0], "start": found.start()}
    raise FeedbackError(
        ja=f"「{shortened(said)}」は文脈の中にありません。文脈にあるとおりに書くか、答えがないときは「答えなし」としてください。",
        en=f"“{shortened(said)}” does not stand in the context. Write it as it stands there, or say “no answer” where there is none.",
    )

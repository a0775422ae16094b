"""What the benchmarks ask about: made-up sentences of mixed lengths, always the same ones."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import cycle, islice

from engine.contract import (
    AskRequest,
    EmbedRequest,
    ExplainAttentionRequest,
    FillMaskRequest,
    NerRequest,
    Request,
    SentimentRequest,
    SimilarRequest,
    Task,
    TokensRequest,
)

JAPANESE = ("昨日は", "雨が降っていたので", "京都の大学で", "友達と一緒に", "新しい製品について", "長い時間をかけて", "山田さんと")
ENGLISH = (
    "yesterday",
    "because it rained",
    "at the university",
    "together with a friend",
    "about the new product",
    "for hours",
    "in London",
)
ENDS = {"ja": ("話し合いました。", "とても楽しかった。", "失敗してしまった。"), "en": ("we talked.", "we enjoyed it.", "it went wrong.")}
MOST_PHRASES = 14


def made_sentences(count: int, *, languages: tuple[str, ...] = ("en", "ja"), most_phrases: int = MOST_PHRASES) -> list[str]:
    """`count` different sentences of up to `most_phrases` phrases, the languages in turn."""
    choices = random.Random(0)
    found: dict[str, None] = {}
    turns = cycle(languages)
    language = next(turns)
    while len(found) < count:
        phrases, space = (JAPANESE, "") if language == "ja" else (ENGLISH, " ")
        words = [*choices.choices(phrases, k=choices.randint(0, most_phrases - 1)), choices.choice(ENDS[language])]
        sentence = space.join(words)
        if len(found) >= len(ENDS[language]) and sentence not in found and len(words) < 4:
            # The few short sentences are soon used up: a number tells them apart.
            sentence = space.join([str(len(found)), *words])
        if sentence not in found:
            found[sentence] = None
            language = next(turns)
    return list(found)


# For each task, a Request about one sentence; those that need two texts ask about it beside itself or within a context.
ABOUT: dict[Task, Callable[[str], Request]] = {
    Task.SENTIMENT: lambda text: SentimentRequest(text=text),
    Task.NER: lambda text: NerRequest(text=text),
    Task.ASK: lambda text: AskRequest(question=_question(text), context=text),
    Task.SIMILAR: lambda text: SimilarRequest(texts=(text, text[: len(text) // 2] + text)),
    Task.EXPLAIN_ATTENTION: lambda text: ExplainAttentionRequest(text=text),
    Task.TOKENS: lambda text: TokensRequest(text=text),
    Task.FILL_MASK: lambda text: FillMaskRequest(text=f"{text} [MASK]"),
    Task.EMBED: lambda text: EmbedRequest(texts=(text,)),
}


def _question(text: str) -> str:
    return "Where?" if text.isascii() else "どこで？"


def mixed_requests(texts: list[str], tasks: tuple[Task, ...]) -> list[Request]:
    """One Request a text, the tasks in turn."""
    return [ABOUT[task](text) for task, text in zip(islice(cycle(tasks), len(texts)), texts, strict=True)]

"""Answers that people say something of in these tests, made by hand."""

from __future__ import annotations

import itertools

from bot.feedback.answered import Answered
from bot.feedback.press import Choice, Press
from engine.contract import (
    Answer,
    AskRequest,
    AskResult,
    Entity,
    Language,
    NerRequest,
    NerResult,
    Ranked,
    SentimentLabel,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
)

_numbers = itertools.count(1)


def sentiment(text: str = "神対応でした。", label: SentimentLabel = "neutral", *, language: Language = "ja") -> Answered:
    rest: dict[SentimentLabel, float] = {"positive": 0.1, "neutral": 0.1, "negative": 0.1, label: 0.8}
    result = SentimentResult(language=language, model="m", label=label, probability=0.8, probabilities=rest, sentences=())
    return Answered(platform="chat", request=SentimentRequest(text=text), result=result)


def ner(text: str = "山田は[東京]にいる。", found: str = "東京") -> Answered:
    start = text.find(found)
    entities = (Entity(start=start, end=start + len(found), text=found, label="LOC", score=0.9),) if found else ()
    return Answered(platform="chat", request=NerRequest(text=text), result=NerResult(language="ja", model="m", entities=entities))


def ask(question: str = "いつ？", context: str = "会議は月曜です。Room B, at noon.", found: str | None = "会議") -> Answered:
    answer = None
    if found is not None:
        start = context.index(found)
        answer = Answer(start=start, end=start + len(found), text=found, score=0.7, sentence_start=0, sentence_end=len(context))
    result = AskResult(language="ja", model="m", answer=answer, no_answer_score=0.2, candidates=(answer,) if answer else ())
    return Answered(platform="chat", request=AskRequest(question=question, context=context), result=result)


def similar(*texts: str, cosine: float = 0.8, query: str | None = None) -> Answered:
    texts = texts or ("猫がいる。", "A cat is here.")
    rows = 1 if query else len(texts)
    matrix = tuple(tuple(1.0 if i == j and not query else cosine for j in range(len(texts))) for i in range(rows))
    ranking = tuple(Ranked(index=i, similarity=cosine) for i in range(len(texts))) if query else ()
    result = SimilarResult(language="mixed", model="m", matrix=matrix, ranking=ranking, pooling="mean")
    return Answered(platform="chat", request=SimilarRequest(texts=texts, query=query), result=result)


def press(
    choice: Choice = "good", correction: str = "", *, answer: str = "a1", person: str = "hanako", event: str = "", at: float = 0.0
) -> Press:
    """A press after all others, unless the time is given."""
    number = next(_numbers)
    return Press(
        platform="chat",
        event_id=event or f"e{number}",
        answer=answer,
        person=person,
        pressed_at=at or 1_800_000_000.0 + number,
        choice=choice,
        correction=correction,
    )

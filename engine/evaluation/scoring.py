"""Asks the engine about every row of a data set and compares its answers with the right ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from engine.contract import (
    AskRequest,
    AskResult,
    EmbedRequest,
    EmbedResult,
    EntityLabel,
    Failure,
    NerRequest,
    NerResult,
    Request,
    Result,
    SentimentLabel,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
)
from engine.errors import BadInputError, EngineError
from engine.evaluation import metrics
from engine.evaluation.metrics import Metrics
from engine.evaluation.rows import AskRow, EvaluationTask, NerRow, RetrievalRow, Row, SentimentRow, SimilarRow
from engine.language import detect

# Requests that go to the engine together: enough for batches of like length, little enough for a moving progress bar.
REQUESTS_AT_ONCE = 128

Progress = Callable[[int, int], None]  # (requests done, requests in all)
_Answer = TypeVar("_Answer", bound=Result)


class Answering(Protocol):
    """What is measured: an Engine, or anything else that answers as one."""

    def run(self, requests: Sequence[Request]) -> Sequence[Result | Failure]:
        """One outcome a request, in order."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was measured. `failures` counts, by code, the rows that the engine could not answer: they score as wrong."""

    task: EvaluationTask
    model: str
    rows: int
    failures: dict[str, int]
    metrics: Metrics


def evaluate(
    engine: Answering,
    task: EvaluationTask,
    rows: Sequence[Row],
    *,
    model: str | None = None,
    at_once: int = REQUESTS_AT_ONCE,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure `engine` on `rows`, which must be of the task's form; `at_once` requests go to it together.

    Raises:
        EngineError: the engine could not answer at all, or the rows do not allow the measure.
    """
    asking = _Asking(engine, model=model, at_once=at_once, progress=progress)
    try:
        measured = _SCORERS[task](rows, asking)
    except ValueError as error:
        raise BadInputError("unmeasurable", ja=f"このデータでは測れません（{error}）。", en=f"cannot measure this: {error}.") from error
    return Evaluation(task=task, model=" + ".join(sorted(asking.models)), rows=len(rows), failures=dict(asking.failures), metrics=measured)


class _Asking:
    """Puts requests to the engine, long ones first, and keeps count of what it could not answer."""

    def __init__(self, engine: Answering, *, model: str | None, at_once: int, progress: Progress | None) -> None:
        self._engine = engine
        self._at_once = at_once
        self._progress = progress
        self.model = model
        self.models: set[str] = set()
        self.failures: Counter[str] = Counter()

    def answers(self, requests: Sequence[Request], kind: type[_Answer], *, length: Callable[[int], int]) -> list[_Answer | None]:
        """One answer a request, in order; None where there is none. `length(i)` is request i's, in characters."""
        order = sorted(range(len(requests)), key=length, reverse=True)
        answers: list[_Answer | None] = [None] * len(requests)
        for start in range(0, len(order), self._at_once):
            indices = order[start : start + self._at_once]
            outcomes = self._engine.run([requests[i] for i in indices])
            self._stop_if_none_answered(outcomes, first=start == 0)
            for index, outcome in zip(indices, outcomes, strict=True):
                answers[index] = self._count(outcome, kind)
            if self._progress:
                self._progress(start + len(indices), len(order))
        return answers

    def _count(self, outcome: Result | Failure, kind: type[_Answer]) -> _Answer | None:
        if isinstance(outcome, Failure):
            self.failures[outcome.code] += 1
            return None
        if not isinstance(outcome, kind):
            raise TypeError(f"expected {kind.__name__} from the engine, got {type(outcome).__name__}")
        self.models.add(outcome.model)
        return outcome

    def _stop_if_none_answered(self, outcomes: Sequence[Result | Failure], *, first: bool) -> None:
        """A missing model fails every row alike: say so at once rather than score nothing."""
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        if first and len(failures) == len(outcomes):
            raise EngineError(failures[0].code, ja=failures[0].message.ja, en=failures[0].message.en, **failures[0].details)


def score_sentiment(rows: Sequence[SentimentRow], asking: _Asking) -> Metrics:
    """Accuracy and macro F1. Rows without any neutral one are scored on the larger of positive and negative."""
    requests = [SentimentRequest(text=row.text, language=row.lang, model=asking.model) for row in rows]
    answers = asking.answers(requests, SentimentResult, length=lambda i: len(rows[i].text))
    gold = [row.label for row in rows]
    neutral = "neutral" in gold
    return metrics.label_metrics(gold, [_sentiment_label(answer, neutral=neutral) for answer in answers])


def _sentiment_label(answer: SentimentResult | None, *, neutral: bool) -> str:
    if answer is None:
        return ""
    if neutral:
        return answer.label
    sides: tuple[SentimentLabel, ...] = ("positive", "negative")
    return max(sides, key=lambda label: answer.probabilities.get(label, 0.0))


def score_ner(rows: Sequence[NerRow], asking: _Asking) -> Metrics:
    """Precision, recall and F1 of exact spans with their labels, on PER, ORG, LOC and MISC."""
    requests = [NerRequest(text=row.text, language=row.lang, model=asking.model) for row in rows]
    answers = asking.answers(requests, NerResult, length=lambda i: len(rows[i].text))
    return metrics.entity_metrics(
        [_labelled_spans(row) for row in rows],
        [[(entity.start, entity.end, entity.label) for entity in answer.entities] if answer else [] for answer in answers],
        ignored=[[(entity.start, entity.end) for entity in row.entities if entity.label is None] for row in rows],
    )


def _labelled_spans(row: NerRow) -> list[tuple[int, int, EntityLabel]]:
    return [(entity.start, entity.end, entity.label) for entity in row.entities if entity.label is not None]


def score_ask(rows: Sequence[AskRow], asking: _Asking) -> Metrics:
    """Exact match and F1, and `answered`: how often the engine gave an answer rather than "no answer".

    Rows that all have an answer are scored on the best candidate even where the engine says "no answer" (as SQuAD 1.1
    is scored); once one row has none, on what the engine says (SQuAD 2.0).
    """
    requests = [AskRequest(question=row.question, context=row.context, language=row.lang, model=asking.model) for row in rows]
    answers = asking.answers(requests, AskResult, length=lambda i: len(rows[i].context))
    always = all(row.answers for row in rows)
    measured = metrics.answer_metrics(
        [[answer.text for answer in row.answers] for row in rows],
        [_answer_text(answer, always=always) for answer in answers],
        japanese=[_is_japanese(row) for row in rows],
    )
    return measured | {"answered": sum(answer is not None and answer.answer is not None for answer in answers) / len(rows)}


def _answer_text(answer: AskResult | None, *, always: bool) -> str:
    if answer is None:
        return ""
    if always and answer.candidates:
        return answer.candidates[0].text
    return answer.answer.text if answer.answer else ""


def _is_japanese(row: AskRow) -> bool:
    return (row.lang or detect(row.context)) != "en"


def score_similar(rows: Sequence[SimilarRow], asking: _Asking) -> Metrics:
    """Correlations with the right scores; for rows of `paraphrase`, the area under the ROC curve too."""
    requests = [SimilarRequest(texts=(row.a, row.b), language=row.lang, model=asking.model) for row in rows]
    answers = asking.answers(requests, SimilarResult, length=lambda i: len(rows[i].a) + len(rows[i].b))
    cosines = [answer.matrix[0][1] if answer else 0.0 for answer in answers]
    measured = metrics.correlation_metrics([row.gold for row in rows], cosines)
    paraphrases = [row.paraphrase for row in rows if row.paraphrase is not None]
    return measured | metrics.paraphrase_metrics(paraphrases, cosines) if len(paraphrases) == len(rows) else measured


def score_retrieval(rows: Sequence[RetrievalRow], asking: _Asking) -> Metrics:
    """How often a sentence's translation is the nearest of all the other language's sentences, both ways."""
    requests: list[Request] = [EmbedRequest(texts=(row.en,), language="en", model=asking.model) for row in rows]
    requests += [EmbedRequest(texts=(row.ja,), language="ja", model=asking.model) for row in rows]
    texts = [row.en for row in rows] + [row.ja for row in rows]
    answers = asking.answers(requests, EmbedResult, length=lambda i: len(texts[i]))
    width = next(answer.width for answer in answers if answer)
    vectors = np.array([answer.vectors[0] if answer else [0.0] * width for answer in answers], dtype=np.float32)
    return metrics.retrieval_metrics(vectors[: len(rows)], vectors[len(rows) :])


_SCORERS: dict[EvaluationTask, Callable[[Any, _Asking], Metrics]] = {
    EvaluationTask.SENTIMENT: score_sentiment,
    EvaluationTask.NER: score_ner,
    EvaluationTask.ASK: score_ask,
    EvaluationTask.SIMILAR: score_similar,
    EvaluationTask.RETRIEVAL: score_retrieval,
}

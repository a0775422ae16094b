"""Engines that answer as a test says, and evaluations of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.contract import Entity, Failure, Message, NerResult, Request, Result, SentimentLabel, SentimentRequest, SentimentResult
from engine.evaluation.comparing import compare
from engine.evaluation.evaluation import Evaluation
from engine.evaluation.report import Report
from engine.evaluation.scoring import evaluate
from engine.examples.rows import ExampleTask, GoldEntity, NerRow, Row, SentimentRow

UNREADABLE = Failure(code="too_odd", message=Message(ja="読めません。", en="Cannot be read."))
LABELS: tuple[SentimentLabel, ...] = ("positive", "neutral", "negative")


class ScriptedEngine:
    """Answers each Request as `answer` says, and remembers what it was asked."""

    def __init__(self, answer: Callable[..., Result | Failure]) -> None:
        self.answer = answer
        self.batches: list[list[Request]] = []

    def run(self, requests: Sequence[Request]) -> list[Result | Failure]:
        self.batches.append(list(requests))
        return [self.answer(request) for request in requests]

    @property
    def asked(self) -> list[Request]:
        return [request for batch in self.batches for request in batch]


def sentiment(*, model: str = "m", **probabilities: float) -> SentimentResult:
    label: SentimentLabel = max(probabilities, key=lambda name: probabilities[name])  # type: ignore[assignment]  # the keys are labels
    return SentimentResult(
        language="ja", model=model, label=label, probability=probabilities[label], probabilities=dict(probabilities), sentences=()
    )


def entities(*spans: tuple[int, int, str, float], model: str = "m") -> NerResult:
    """(start, end, label, score) each."""
    found = tuple(Entity(start=start, end=end, text="", label=label, score=score) for start, end, label, score in spans)  # type: ignore[arg-type]  # labels
    return NerResult(language="ja", model=model, entities=found)


def gold(*spans: tuple[int, int, str | None]) -> tuple[GoldEntity, ...]:
    return tuple(GoldEntity(start=start, end=end, label=label) for start, end, label in spans)  # type: ignore[arg-type]  # labels


def judged(rows: Sequence[SentimentRow], given: Sequence[str], *, model: str = "m", sure: float = 0.9) -> Evaluation:
    """What is measured of a model that gives these labels, one a row; the texts differ. "": it cannot answer."""
    of_text = dict(zip((row.text for row in rows), given, strict=True))

    def answer(request: SentimentRequest) -> Result | Failure:
        label = of_text[request.text]
        rest = {other: (1 - sure) / 2 for other in LABELS if other != label}
        return sentiment(model=model, **{label: sure}, **rest) if label else UNREADABLE

    return evaluate(ScriptedEngine(answer), ExampleTask.SENTIMENT, rows, lines=range(2, len(rows) + 2))


def report_of(rows: Sequence[Row], evaluation: Evaluation, other: Evaluation | None = None, *, data: str = "reviews.csv") -> Report:
    return Report(
        data=Path(data),
        sha256="0" * 64,
        notes=(Message(ja="使わなかった列：id。", en="columns that were not used: id."),),
        rows=tuple(rows),
        evaluation=evaluation,
        comparison=compare(evaluation, other) if other else None,
    )


def ner_rows(count: int) -> list[NerRow]:
    """Rows of two entities each, all of different texts."""
    return [NerRow(text=f"田中{i:03}は京都へ行った", entities=gold((0, 2, "PER"), (6, 8, "LOC"))) for i in range(count)]

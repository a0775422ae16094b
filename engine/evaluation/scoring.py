"""Asks the engine about every row of a data set and compares its answers with the right ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.contract import (
    AskRequest,
    AskResult,
    EmbedRequest,
    EmbedResult,
    EntityLabel,
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
from engine.errors import BadInputError
from engine.evaluation import measures, metrics
from engine.evaluation.asking import REQUESTS_AT_ONCE, Answering, Asking, Progress
from engine.evaluation.calibration import calibrate
from engine.evaluation.classes import confusion, entity_confusion, entity_scores, label_scores
from engine.evaluation.evaluation import Calibration, ClassScore, Confusion, Evaluation, RowOutcome
from engine.evaluation.measures import Measure
from engine.evaluation.metrics import LabelledSpan, Metrics
from engine.examples.rows import AskRow, ExampleTask, NerRow, RetrievalRow, Row, SentimentRow, SimilarRow
from engine.language import detect


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What a task's scorer finds; its outcomes know no lines yet. The measures are the metrics, of any weighting of the rows."""

    metrics: Metrics
    measures: tuple[Measure, ...]
    outcomes: tuple[RowOutcome, ...]
    classes: tuple[tuple[ClassScore, ...], tuple[ClassScore, ...]] = ((), ())
    confusion: Confusion | None = None
    calibration: Calibration | None = None


def evaluate(
    engine: Answering,
    task: ExampleTask,
    rows: Sequence[Row],
    *,
    model: str | None = None,
    lines: Sequence[int] | None = None,
    at_once: int = REQUESTS_AT_ONCE,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure `engine` on `rows`, which must be of the task's form; `at_once` requests go to it together.

    Args:
        lines: where in their file the rows begin.
    Raises:
        EngineError: the engine could not answer at all, or the rows do not allow the measure.
    """
    asking = Asking(engine, model=model, at_once=at_once, progress=progress)
    try:
        scored = _SCORERS[task](rows, asking)
    except ValueError as error:
        raise BadInputError("unmeasurable", ja=f"このデータでは測れません（{error}）。", en=f"cannot measure this: {error}.") from error
    each, averages = scored.classes
    outcomes = scored.outcomes if lines is None else (replace(one, line=lines[one.index]) for one in scored.outcomes)
    return Evaluation(
        task=task,
        model=" + ".join(sorted(asking.models)),
        rows=len(rows),
        failures=dict(asking.failures),
        metrics=scored.metrics,
        per_class=each,
        averages=averages,
        confusion=scored.confusion,
        calibration=scored.calibration,
        outcomes=tuple(outcomes),
        measures=scored.measures,
    )


# --- Sentiment -----------------------------------------------------------------------------------------------------


def score_sentiment(rows: Sequence[SentimentRow], asking: Asking) -> Scored:
    """Accuracy and macro F1. Rows without any neutral one are scored on the larger of positive and negative."""
    requests = [SentimentRequest(text=row.text, language=row.lang, model=asking.model) for row in rows]
    answers = asking.answers(requests, SentimentResult, length=lambda i: len(rows[i].text))
    gold = [row.label for row in rows]
    said = [_said(answer, neutral="neutral" in gold) for answer in answers]
    given = [label for label, _ in said]
    right = [float(label == own) for label, own in zip(given, gold, strict=True)]
    answered = [i for i, label in enumerate(given) if label]
    return Scored(
        metrics=metrics.label_metrics(gold, given),
        measures=(measures.share("accuracy", right), measures.macro_f1("macro_f1", gold, given)),
        outcomes=_outcomes(gold, given, right, [confidence for _, confidence in said], answers),
        classes=label_scores(gold, given),
        confusion=confusion(gold, given),
        calibration=calibrate([said[i][1] or 0.0 for i in answered], [right[i] > 0 for i in answered]),
    )


def _said(answer: SentimentResult | None, *, neutral: bool) -> tuple[str, float | None]:
    """The label and its probability: without neutral, its share of the two that are left."""
    if answer is None:
        return "", None
    if neutral:
        return answer.label, answer.probability
    sides: tuple[SentimentLabel, ...] = ("positive", "negative")
    of_side = {label: answer.probabilities.get(label, 0.0) for label in sides}
    label = max(sides, key=lambda side: of_side[side])
    return label, of_side[label] / (sum(of_side.values()) or 1.0)


# --- Entities ------------------------------------------------------------------------------------------------------


def score_ner(rows: Sequence[NerRow], asking: Asking) -> Scored:
    """Precision, recall and F1 of exact spans with their labels, on PER, ORG, LOC and MISC."""
    requests = [NerRequest(text=row.text, language=row.lang, model=asking.model) for row in rows]
    answers = asking.answers(requests, NerResult, length=lambda i: len(rows[i].text))
    gold = [_labelled_spans(row) for row in rows]
    given: list[list[LabelledSpan]] = [[(one.start, one.end, one.label) for one in answer.entities] if answer else [] for answer in answers]
    ignored = [[(entity.start, entity.end) for entity in row.entities if entity.label is None] for row in rows]
    counted = [metrics.counted_entities(*row) for row in zip(gold, given, ignored, strict=True)]
    counts = [metrics.entity_counts(*row) for row in zip(gold, given, ignored, strict=True)]
    sure: list[dict[LabelledSpan, float]] = [
        {(one.start, one.end, one.label): one.score for one in answer.entities} if answer else {} for answer in answers
    ]
    scores = [of_row[entity] for of_row, found in zip(sure, counted, strict=True) for entity in found]
    right = [entity in wanted for wanted, found in zip(gold, counted, strict=True) for entity in found]
    return Scored(
        metrics=metrics.entity_metrics(gold, given, ignored=ignored),
        measures=measures.entity_measures(counts),
        outcomes=_outcomes(
            [_shown(row.text, entities) for row, entities in zip(rows, gold, strict=True)],
            [_shown(row.text, entities) for row, entities in zip(rows, counted, strict=True)],
            [2 * hits / (wanted + found) if wanted + found else 1.0 for hits, wanted, found in counts],
            [min(of_row.values(), default=None) for of_row in sure],
            answers,
        ),
        classes=entity_scores(gold, counted),
        confusion=entity_confusion(gold, counted),
        calibration=calibrate(scores, right),
    )


def _labelled_spans(row: NerRow) -> list[tuple[int, int, EntityLabel]]:
    return [(entity.start, entity.end, entity.label) for entity in row.entities if entity.label is not None]


def _shown(text: str, entities: Sequence[LabelledSpan]) -> str:
    return ", ".join(f"{text[start:end]} ({label})" for start, end, label in sorted(entities))


# --- Answers -------------------------------------------------------------------------------------------------------


def score_ask(rows: Sequence[AskRow], asking: Asking) -> Scored:
    """Exact match and F1, and `answered`: how often the engine gave an answer rather than "no answer".

    Rows that all have an answer are scored on the best candidate even where the engine says "no answer" (as SQuAD 1.1
    is scored); once one row has none, on what the engine says (SQuAD 2.0). The score of an answer is right as often as it
    matches exactly. What could not be answered is wrong, and stands in no confusion matrix: it says neither.
    """
    requests = [AskRequest(question=row.question, context=row.context, language=row.lang, model=asking.model) for row in rows]
    answers = asking.answers(requests, AskResult, length=lambda i: len(rows[i].context))
    always = all(row.answers for row in rows)
    gold = [[answer.text for answer in row.answers] for row in rows]
    said = [_answer(answer, always=always) for answer in answers]
    given = [text for text, _ in said]
    japanese = [_is_japanese(row) for row in rows]
    scores = [metrics.answer_scores(texts or [""], text, japanese=ja) for texts, text, ja in zip(gold, given, japanese, strict=True)]
    answered = [float(answer is not None and answer.answer is not None) for answer in answers]
    seen = [("answer" if texts else "", "answer" if text else "") for texts, text in zip(gold, given, strict=True) if text is not None]
    sure = [(score, exact > 0) for (_, score), (exact, _) in zip(said, scores, strict=True) if score is not None]
    return Scored(
        metrics=metrics.answer_metrics(gold, given, japanese=japanese) | {"answered": sum(answered) / len(rows)},
        measures=(
            measures.share("exact_match", [exact for exact, _ in scores]),
            measures.share("f1", [f1 for _, f1 in scores]),
            measures.share("answered", answered),
        ),
        outcomes=_outcomes(
            [" / ".join(texts) for texts in gold],
            [text or "" for text in given],
            [f1 for _, f1 in scores],
            [score for _, score in said],
            answers,
        ),
        confusion=None if always else confusion([wanted for wanted, _ in seen], [found for _, found in seen]),
        calibration=calibrate([score for score, _ in sure], [exact for _, exact in sure]),
    )


def _answer(answer: AskResult | None, *, always: bool) -> tuple[str | None, float | None]:
    """What counts as the answer ("" where there is none, None where it could not be asked for), and its score; None where there is none."""
    if answer is None:
        return None, None
    found = answer.candidates[0] if always and answer.candidates else answer.answer
    return (found.text, found.score) if found else ("", None)


def _is_japanese(row: AskRow) -> bool:
    """Whether answers are compared by characters; so they are in languages that the engine does not read."""
    try:
        return (row.lang or detect(row.context)) != "en"
    except BadInputError:
        return True


# --- Similarity ----------------------------------------------------------------------------------------------------


def score_similar(rows: Sequence[SimilarRow], asking: Asking) -> Scored:
    """Correlations with the right scores; for rows of `paraphrase`, the area under the ROC curve too.

    A row's own score is 1 less the difference of its two ranks, as a share of the largest there can be. A pair that could
    not be compared counts as the farthest of all where it should be near, and as the nearest where it should be far.
    """
    requests = [SimilarRequest(texts=(row.a, row.b), language=row.lang, model=asking.model) for row in rows]
    answers = asking.answers(requests, SimilarResult, length=lambda i: len(rows[i].a) + len(rows[i].b))
    gold = [row.gold for row in rows]
    cosines = metrics.with_worst(gold, [answer.matrix[0][1] if answer else None for answer in answers])
    measured, taken = metrics.correlation_metrics(gold, cosines), measures.correlations(gold, cosines)
    paraphrases = [row.paraphrase for row in rows if row.paraphrase is not None]
    if len(paraphrases) == len(rows):
        measured |= metrics.paraphrase_metrics(paraphrases, cosines)
        taken = (*taken, measures.roc_auc(paraphrases, cosines))
    shown = [f"{cosine:.3f}" if answer else "" for answer, cosine in zip(answers, cosines, strict=True)]
    outcomes = _outcomes([f"{value:g}" for value in gold], shown, metrics.rank_agreement(gold, cosines), [None] * len(rows), answers)
    return Scored(metrics=measured, measures=taken, outcomes=outcomes)


def score_retrieval(rows: Sequence[RetrievalRow], asking: Asking) -> Scored:
    """How often a sentence's nearest one of all the other language's is a translation of it, both ways.

    Where either could not be read, neither is found by the other.
    """
    requests: list[Request] = [EmbedRequest(texts=(row.en,), language="en", model=asking.model) for row in rows]
    requests += [EmbedRequest(texts=(row.ja,), language="ja", model=asking.model) for row in rows]
    texts = [row.en for row in rows] + [row.ja for row in rows]
    answers = asking.answers(requests, EmbedResult, length=lambda i: len(texts[i]))
    width = next(answer.width for answer in answers if answer)
    vectors = np.array([answer.vectors[0] if answer else [0.0] * width for answer in answers], dtype=np.float32)
    english, japanese = vectors[: len(rows)], vectors[len(rows) :]
    pairs = [en and ja for en, ja in zip(answers[: len(rows)], answers[len(rows) :], strict=True)]
    read = [pair is not None for pair in pairs]
    to_english, to_japanese = metrics.nearest(english, japanese)
    hits = metrics.retrieval_hits([(row.en, row.ja) for row in rows], to_english, to_japanese, read=read)
    return Scored(
        metrics=metrics.retrieval_metrics(hits),
        measures=(measures.share("ja_to_en", [en for en, _ in hits]), measures.share("en_to_ja", [ja for _, ja in hits])),
        outcomes=_outcomes(
            [f"{row.ja} = {row.en}" for row in rows],
            [f"→ {rows[en].en} / → {rows[ja].ja}" if both else "" for en, ja, both in zip(to_english, to_japanese, read, strict=True)],
            [(en + ja) / 2 for en, ja in hits],
            [None] * len(rows),
            pairs,
        ),
    )


def _outcomes(
    gold: Sequence[str],
    given: Sequence[str],
    scores: Sequence[float],
    confidences: Sequence[float | None],
    answers: Sequence[Result | None],
) -> tuple[RowOutcome, ...]:
    """One a row; a row without an answer failed, whatever its score is by what was to be found."""
    rows = enumerate(zip(gold, given, scores, confidences, answers, strict=True))
    return tuple(
        RowOutcome(
            index=index,
            line=None,
            gold=wanted,
            given=found,
            score=0.0 if answer is None else score,
            confidence=confidence,
            failed=answer is None,
        )
        for index, (wanted, found, score, confidence, answer) in rows
    )


_SCORERS: dict[ExampleTask, Callable[[Any, Asking], Scored]] = {
    ExampleTask.SENTIMENT: score_sentiment,
    ExampleTask.NER: score_ner,
    ExampleTask.ASK: score_ask,
    ExampleTask.SIMILAR: score_similar,
    ExampleTask.RETRIEVAL: score_retrieval,
}

"""Looks at the rows before anything is loaded: whether something can be learnt from them, and in which language they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from engine.catalog.described import EVERY_LANGUAGE
from engine.contract import Language, Message, SentimentLabel
from engine.errors import BadInputError, EngineError
from engine.examples.problems import counted
from engine.examples.rows import AskRow, ExampleTask, NerRow, Row, SentimentRow, SimilarRow, row_texts
from engine.language import detect
from engine.training.plan import ENOUGH_COMPARED, LEAST_COMPARED

LEAST_ROWS = 8
FEW_OF_A_LABEL = 5  # examples; so few are said
# Rows whose language is looked at.
LOOKED_AT = 200


def check_rows(rows: Sequence[Row], task: ExampleTask, *, name: str) -> None:
    """Refuse rows that nothing can be learnt from.

    Raises:
        BadInputError: `too_few_rows`, `one_label`, `no_entities`, `no_answers`, `one_score`.
    """
    if len(rows) < LEAST_ROWS:
        raise BadInputError(
            "too_few_rows",
            ja=f"{name} には {len(rows)} 行しかありません。{LEAST_ROWS} 行以上（できれば 100 行以上）必要です。",
            en=f"{name} holds only {counted(len(rows))}; {LEAST_ROWS} or more are needed, better 100.",
        )
    labels = {row.label for row in rows if isinstance(row, SentimentRow)}
    if len(labels) == 1:
        raise BadInputError(
            "one_label",
            ja=f"{name} のラベルは「{min(labels)}」だけです。少なくとも 2 種類のラベルの例が必要です。",
            en=f"All rows of {name} are labelled {min(labels)}; examples of two labels or more are needed.",
        )
    if task is ExampleTask.NER and not has_entities(rows):
        raise BadInputError(
            "no_entities",
            ja=f"{name} には固有名が 1 つもありません。PER・ORG・LOC・MISC のどれかを付けた行が必要です。",
            en=f"{name} marks no entity at all; rows with some of PER, ORG, LOC, MISC are needed.",
        )
    if task is ExampleTask.ASK and not any(row.answers for row in rows if isinstance(row, AskRow)):
        raise BadInputError(
            "no_answers",
            ja=f"{name} には答えのある行が 1 つもありません。文脈の中の答えを書いた行が必要です。",
            en=f"No row of {name} has an answer; rows whose context holds one are needed.",
        )
    if len(scores := {row.gold for row in rows if isinstance(row, SimilarRow)}) == 1:
        raise BadInputError(
            "one_score",
            ja=f"{name} の点数はすべて {min(scores):g} です。近い組と遠い組の両方が必要です。",
            en=f"All rows of {name} have the score {min(scores):g}; nearer and farther pairs are needed.",
        )


def has_entities(rows: Sequence[Row]) -> bool:
    """Whether any row marks an entity whose label is known."""
    return any(entity.label for row in rows if isinstance(row, NerRow) for entity in row.entities)


def check_batch(batch: int, task: ExampleTask) -> None:
    """Refuse a step of one pair: what similarity learns from is the comparison of pairs.

    Raises:
        BadInputError: `batch_too_small`.
    """
    if task is ExampleTask.SIMILAR and batch < LEAST_COMPARED:
        raise BadInputError(
            "batch_too_small",
            ja=f"similar は組どうしを比べて学ぶため、--batch-size {batch} では何も学べません。{LEAST_COMPARED} 以上（できれば {ENOUGH_COMPARED} 以上）にしてください。",
            en=f"similar learns by comparing pairs, and nothing from --batch-size {batch}. Give {LEAST_COMPARED} or more, better {ENOUGH_COMPARED}.",
        )


def rare_labels(rows: Sequence[Row]) -> list[Message]:
    """What is worth saying of labels that have hardly an example: a model learns to give them to nothing."""
    found = Counter(row.label for row in rows if isinstance(row, SentimentRow))
    counts = {label: found[label] for label in get_args(SentimentLabel)} if found else {}
    return [_rare(label, count) for label, count in counts.items() if count < FEW_OF_A_LABEL]


def _rare(label: SentimentLabel, count: int) -> Message:
    if not count:
        return Message(
            ja=f"「{label}」の例がありません。このままではモデルが {label} と答えなくなります。例を書き足してください。",
            en=f"There is no example of {label}: a model learns never to give it. Add some.",
        )
    return Message(
        ja=f"「{label}」の例が {count} 行しかありません。ほかのラベルと同じくらいまで書き足してください。",
        en=f"Of {label} there {'is only 1 example' if count == 1 else f'are only {count} examples'}. Add some, until there are about as many as of the others.",
    )


def language_of(rows: Sequence[Row]) -> Language:
    """The language of most rows; "mixed" where the other has a tenth or more."""
    found = _counted(rows)
    japanese, english = found["ja"], found["en"]
    if found["mixed"] or min(japanese, english) * 10 >= japanese + english:
        return "mixed"
    return "ja" if japanese > english else "en"


def languages_of(rows: Sequence[Row]) -> tuple[Language, ...]:
    """What can be learnt from the rows: each language that a tenth of them or more is in; of both, texts that mix them, too."""
    found = _counted(rows)
    common = {language for language, count in found.items() if count * 10 >= found.total()}
    return EVERY_LANGUAGE if {"ja", "en"} <= common else tuple(language for language in EVERY_LANGUAGE if language in common)


def _counted(rows: Sequence[Row]) -> Counter[Language]:
    """How many of the rows that are looked at are in each language."""
    found: Counter[Language] = Counter()
    for row in rows[:: max(1, len(rows) // LOOKED_AT)]:
        try:
            found[getattr(row, "lang", None) or detect(row_texts(row)[0])] += 1
        except EngineError:  # no words, or of another language: the engine says so when it is asked
            continue
    return found


def rows_of_texts(texts: Sequence[str]) -> list[Row]:
    """Texts as rows, where only their language is looked at."""
    return [SentimentRow(text=text, label="neutral") for text in texts]

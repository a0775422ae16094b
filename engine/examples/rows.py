"""What an example is: one dataclass a task, with the text and its right answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.contract import EntityLabel, Language, SentimentLabel


class ExampleTask(StrEnum):
    """What examples can be of. Retrieval asks whether a sentence's translation is the nearest of all."""

    SENTIMENT = "sentiment"
    NER = "ner"
    ASK = "ask"
    SIMILAR = "similar"
    RETRIEVAL = "retrieval"


@dataclass(frozen=True, kw_only=True)
class SentimentRow:
    text: str
    label: SentimentLabel
    lang: Language | None = None


@dataclass(frozen=True, kw_only=True)
class GoldEntity:
    """`start, end` in characters of the row's text, end exclusive; a null label is outside PER, ORG, LOC, MISC."""

    start: int
    end: int
    label: EntityLabel | None


@dataclass(frozen=True, kw_only=True)
class NerRow:
    text: str
    entities: tuple[GoldEntity, ...]
    lang: Language | None = None

    def __post_init__(self) -> None:
        for entity in self.entities:
            if not 0 <= entity.start < entity.end <= len(self.text):
                raise ValueError(f"entity {entity.start}..{entity.end} is not inside the text of {len(self.text)} characters")


@dataclass(frozen=True, kw_only=True)
class GoldAnswer:
    """`start` in characters of the row's context. None: it is not known where the answer stands; of a row read from a file it is."""

    text: str
    start: int | None = None


@dataclass(frozen=True, kw_only=True)
class AskRow:
    """No `answers`: the context does not answer the question."""

    question: str
    context: str
    answers: tuple[GoldAnswer, ...]
    lang: Language | None = None


@dataclass(frozen=True, kw_only=True)
class SimilarRow:
    """Exactly one of `score` (any scale, more is nearer) and `paraphrase` (0 or 1)."""

    a: str
    b: str
    score: float | None = None
    paraphrase: int | None = None
    lang: Language | None = None

    def __post_init__(self) -> None:
        if (self.score is None) == (self.paraphrase is None):
            raise ValueError("expected either `score` or `paraphrase`")

    @property
    def gold(self) -> float:
        return float(self.paraphrase or 0) if self.score is None else self.score


@dataclass(frozen=True, kw_only=True)
class RetrievalRow:
    en: str
    ja: str


Row = SentimentRow | NerRow | AskRow | SimilarRow | RetrievalRow

ROW_TYPES: dict[ExampleTask, type[Row]] = {
    ExampleTask.SENTIMENT: SentimentRow,
    ExampleTask.NER: NerRow,
    ExampleTask.ASK: AskRow,
    ExampleTask.SIMILAR: SimilarRow,
    ExampleTask.RETRIEVAL: RetrievalRow,
}


def row_texts(row: Row) -> tuple[str, ...]:
    """The texts by which rows belong together: none is learnt from on the one side and measured by on the other."""
    if isinstance(row, SimilarRow):
        return (row.a, row.b)
    if isinstance(row, AskRow):
        return (row.context,)
    return (row.text,) if isinstance(row, SentimentRow | NerRow) else (row.en, row.ja)

"""Reads the rows of a data set: JSON lines, plain or gzipped, checked against what the task needs."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from engine.contract import EntityLabel, Language, SentimentLabel
from engine.errors import BadInputError

GZIP_MAGIC = b"\x1f\x8b"


class EvaluationTask(StrEnum):
    """What can be measured. Retrieval asks whether a sentence's translation is the nearest of all."""

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
    text: str


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

ROW_TYPES: dict[EvaluationTask, type[Row]] = {
    EvaluationTask.SENTIMENT: SentimentRow,
    EvaluationTask.NER: NerRow,
    EvaluationTask.ASK: AskRow,
    EvaluationTask.SIMILAR: SimilarRow,
    EvaluationTask.RETRIEVAL: RetrievalRow,
}


def read_rows(path: Path, task: EvaluationTask) -> list[Row]:
    """All rows of a .jsonl or .jsonl.gz file; keys that the task does not need are ignored.

    Raises:
        BadInputError: the file cannot be read, is empty, or a row is not of the task's form (with file and line).
    """
    decoder = msgspec.json.Decoder(ROW_TYPES[task])
    lines = _content(path).splitlines()
    rows = [_row(decoder, line, place=f"{path.name}:{number}") for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise BadInputError(
            "no_rows", ja=f"{path.name} に行がありません。1行以上必要です。", en=f"{path.name} holds no rows; it needs one or more."
        )
    return rows


def _row(decoder: msgspec.json.Decoder[Row], line: bytes, *, place: str) -> Row:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(
            "bad_row",
            ja=f"{place}: この行は読めません（{error}）。タスクに合った形の JSON が必要です。",
            en=f"{place}: cannot read this row: {error}; it must be a JSON object of the form that the task needs.",
        ) from error


def _content(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw.startswith(GZIP_MAGIC) else raw
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInputError(
            "unreadable_file",
            ja=f"{path} を読めません（{reason}）。.jsonl または .jsonl.gz のファイルを指定してください。",
            en=f"cannot read {path}: {reason}; give a .jsonl or .jsonl.gz file.",
        ) from error

"""What is measured of an engine on a data set: the measures, how sure they are, and how each row went."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from engine.evaluation.measures import Measure
from engine.evaluation.metrics import Metrics
from engine.evaluation.resampling import Interval, intervals
from engine.examples.rows import ExampleTask

# The measure by which models are told apart: what training aims at, and what the headline says.
MAIN_MEASURE: dict[ExampleTask, str] = {
    ExampleTask.SENTIMENT: "macro_f1",
    ExampleTask.NER: "f1",
    ExampleTask.ASK: "f1",
    ExampleTask.SIMILAR: "spearman",
    ExampleTask.RETRIEVAL: "ja_to_en",
}


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """How well one label is found, 0..1. `support`: how often it is right; of an average, of all labels."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often the right label of a row was taken for that of a column. *Shape:* counts (labels, labels)."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Answers whose score lies above `low` and up to `high`: how many, their mean score, and the share that was right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How far scores are from how often they are right, 0..1 (expected calibration error), and its bins in order; empty ones left out."""

    error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, kw_only=True)
class RowOutcome:
    """How one row went. `score` is 0..1, 1 is right; `confidence` is the engine's own score of what it gave.

    `failed`: the engine could not answer; `score` is 0 then, also where nothing was to be found.
    """

    index: int  # of the row, from 0
    line: int | None  # of the file where it begins, from 1; None: it comes from no file
    gold: str
    given: str  # "": nothing, or no answer
    score: float
    confidence: float | None = None
    failed: bool = False

    @property
    def right(self) -> bool:
        return self.score >= 1.0


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was measured. `failures` counts, by code, the rows that the engine could not answer: they score as wrong.

    `averages` are those of `per_class` (macro, micro, weighted). `measures` take the metrics of any weighting of the rows.
    """

    task: ExampleTask
    model: str
    rows: int
    failures: dict[str, int]
    metrics: Metrics
    per_class: tuple[ClassScore, ...] = ()
    averages: tuple[ClassScore, ...] = ()
    confusion: Confusion | None = None
    calibration: Calibration | None = None
    outcomes: tuple[RowOutcome, ...] = ()
    measures: tuple[Measure, ...] = field(default=(), repr=False, compare=False)

    @cached_property
    def intervals(self) -> dict[str, Interval]:
        """Of 95 %, by the measure's name; taken when it is first asked for."""
        return intervals(self.measures, self.rows)

    @property
    def main(self) -> str:
        """The name of the measure that counts most."""
        return MAIN_MEASURE[self.task]

"""Builds the page of an evaluation: one HTML file that needs no network and no script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from engine.contract import Message
from engine.evaluation.comparing import said_p
from engine.evaluation.evaluation import Confusion, Evaluation, RowOutcome
from engine.evaluation.report import Report
from engine.evaluation.wording import MEASURES, TASKS, TESTS, said_label
from engine.evaluation.words import COUNTED, METHODS, WORDS
from engine.examples.rows import AskRow, ExampleTask, NerRow, RetrievalRow, Row, SentimentRow, SimilarRow

SHOWN_ROWS = 100
SHOWN_DIFFERING = 30
_SHOWN_CHARACTERS = 600  # of one text
# From this share of a row on, a cell is so far from the paper's colour that its number is written in that.
_DARK = 0.7


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """A row as the page shows it."""

    place: str
    texts: tuple[str, ...]
    gold: str
    given: str
    confidence: float | None
    other: str | None  # what the other model gave


@dataclass(frozen=True)
class Speech:
    """Says words and messages in one language."""

    language: str

    def __call__(self, message: Message | str, **values: Any) -> str:
        """A message, or the words of that name, with values in their places."""
        said = (WORDS[message] if isinstance(message, str) else message).in_language(self.language)
        return said.format(**values) if values else said


def page(report: Report, *, language: str) -> str:
    """The page in Japanese or English."""
    say = Speech(language)
    environment = Environment(
        loader=PackageLoader("engine.figures", "page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found, comparison = report.evaluation, report.comparison
    return environment.get_template("evaluation.html").render(
        say=say,
        language=language,
        report=report,
        found=found,
        comparison=comparison,
        task=TASKS[found.task],
        counted=COUNTED,
        measures=MEASURES,
        tests=TESTS,
        methods=METHODS,
        said_label=said_label,
        said_p=said_p,
        shaded=_shaded(found.confusion) if found.confusion else (),
        entities=found.task is ExampleTask.NER,
        rows_title="rows_far" if found.task is ExampleTask.SIMILAR else "rows",
        wrong=[_shown(report, one, say) for one in worst(found.outcomes)[:SHOWN_ROWS]],
        wrong_total=len(worst(found.outcomes)),
        differing=_differing(report, say),
    )


def worst(outcomes: Iterable[RowOutcome]) -> list[RowOutcome]:
    """The rows that are not right: the worst first, and of equally bad ones those of which the model was surest."""
    wrong = [one for one in outcomes if not one.right]
    return sorted(wrong, key=lambda one: (one.score, -(one.confidence or 0.0), one.index))


def _differing(report: Report, say: Speech) -> list[tuple[str, int, list[ShownRow]]]:
    """The rows that only one of the models has right: a heading, how many, and the first of them."""
    if report.comparison is None:
        return []
    outcomes = report.evaluation.outcomes
    groups = (("only_first", report.comparison.only_first), ("only_other", report.comparison.only_other))
    return [(name, len(rows), [_shown(report, outcomes[index], say) for index in rows[:SHOWN_DIFFERING]]) for name, rows in groups]


def _shown(report: Report, one: RowOutcome, say: Speech) -> ShownRow:
    other: Evaluation | None = report.comparison.other if report.comparison else None
    return ShownRow(
        place=say("row", number=one.index + 1) if one.line is None else say("line", number=one.line),
        texts=tuple(_short(text) for text in texts_of(report.rows[one.index])),
        gold=_said(one.gold, report, say),
        given=_given(one, report, say),
        confidence=one.confidence,
        other=_given(other.outcomes[one.index], report, say) if other else None,
    )


def _given(one: RowOutcome, report: Report, say: Speech) -> str:
    return say("unanswered") if one.failed else _said(one.given, report, say)


def _said(value: str, report: Report, say: Speech) -> str:
    if not value:
        return say("nothing")
    return say(said_label(value)) if report.evaluation.task is ExampleTask.SENTIMENT else _short(value)


def texts_of(row: Row) -> tuple[str, ...]:
    """What the engine was asked about."""
    match row:
        case SentimentRow() | NerRow():
            return (row.text,)
        case AskRow():
            return row.question, row.context
        case SimilarRow():
            return row.a, row.b
        case RetrievalRow():
            return row.en, row.ja


def _shaded(found: Confusion) -> list[tuple[str, list[tuple[int, float, bool]]]]:
    """Each row's label, and of each cell its count, its share of the row, and whether it is dark."""
    return [(label, [_cell(count, sum(counts)) for count in counts]) for label, counts in zip(found.labels, found.counts, strict=True)]


def _cell(count: int, total: int) -> tuple[int, float, bool]:
    share = count / total if total else 0.0
    return count, share, share >= _DARK


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"

"""Shows a report at the terminal: the measures, each label, what was taken for what, the comparison."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.contract import Message
from engine.evaluation.comparing import Comparison, said_p
from engine.evaluation.evaluation import Confusion, Evaluation
from engine.evaluation.report import Report
from engine.evaluation.wording import MEASURES, TESTS, said_label
from engine.evaluation.words import COUNTED, WORDS

Say = Callable[[Message], str]


def show(report: Report, console: Console, *, language: str) -> None:
    """Print the report in Japanese or English."""

    def say(message: Message) -> str:
        return message.in_language(language)

    found = report.evaluation
    console.print(_measures(report, say))
    if found.per_class:
        console.print(_classes(found, say))
    if found.confusion:
        console.print(_confusion(found.confusion, say))
    if found.calibration:
        console.print(f"{say(WORDS['ece'])}: {found.calibration.error:.4f}", highlight=False)
    if report.comparison:
        console.print(_comparison(report.comparison, say))
        console.print(_tests(report.comparison, say), highlight=False, soft_wrap=True)
        console.print(say(report.comparison.said), highlight=False, soft_wrap=True)


def _measures(report: Report, say: Say) -> Table:
    found = report.evaluation
    table = _table(f"{found.task} · {report.data.name} · {say(COUNTED).format(count=found.rows)} · {found.model}")
    _columns(table, [say(WORDS["measure"]), ""], [say(WORDS["value"]), say(WORDS["interval"])])
    for name, value in found.metrics.items():
        between = found.intervals[name]
        table.add_row(name, say(MEASURES[name]), f"{value:.4f}", f"{between.low:.4f} – {between.high:.4f}")
    return table


def _classes(found: Evaluation, say: Say) -> Table:
    table = _table(say(WORDS["classes"]))
    _columns(table, [say(WORDS["label"])], [say(MEASURES["precision"]), say(MEASURES["recall"]), "F1", say(WORDS["support"])])
    for group in (found.per_class, found.averages):
        for one in group:
            table.add_row(say(said_label(one.label)), f"{one.precision:.4f}", f"{one.recall:.4f}", f"{one.f1:.4f}", f"{one.support:,}")
        table.add_section()
    return table


def _confusion(found: Confusion, say: Say) -> Table:
    table = _table(say(WORDS["confusion"]))
    names = [say(said_label(label)) for label in found.labels]
    _columns(table, [say(WORDS["gold_given"])], names)
    for name, counts in zip(names, found.counts, strict=True):
        table.add_row(name, *(f"{count:,}" for count in counts))
    return table


def _comparison(found: Comparison, say: Say) -> Table:
    table = _table(f"{say(WORDS['against'])}: {found.other.model}")
    right = [say(WORDS["this"]), say(WORDS["other"]), say(WORDS["change"]), say(WORDS["interval"]), "p"]
    _columns(table, [say(WORDS["measure"])], right)
    for one in found.differences:
        between = f"{one.interval.low:+.4f} – {one.interval.high:+.4f}"
        values = (
            f"{one.value:.4f}",
            f"{one.other:.4f}",
            f"{one.change:+.4f}",
            between,
            said_p(one.p).removeprefix("p ").removeprefix("= "),
        )
        table.add_row(one.measure, *values)
    return table


def _tests(found: Comparison, say: Say) -> str:
    """Which test gave which p."""
    names = {test: ", ".join(one.measure for one in found.differences if one.test == test) for test in TESTS}
    return "p: " + " · ".join(f"{say(TESTS[test])} ({measures})" for test, measures in names.items() if measures)


def _table(title: str) -> Table:
    return Table(title=Text(title), title_justify="left")


def _columns(table: Table, left: list[str], right: list[str]) -> None:
    for name in left:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right")

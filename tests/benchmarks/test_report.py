"""A report keeps each round's value, says what meets its target, and comes back from its file as it was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.report import RATIO, Report, Row, ratio, read, text, write


def test_a_report_comes_back_as_it_was_written(tmp_path: Path) -> None:
    report = Report(benchmark="some", title="Some", short=True, rows=(Row(name="a ÷ b", unit=RATIO, values=(1.0, 3.0, 2.0), target=1.5),))
    path = write(report, tmp_path)
    assert read(path) == report
    [row] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    assert (row["median"], row["low"], row["high"], row["met"]) == (2.0, 1.0, 3.0, True)
    machine = json.loads(path.read_text(encoding="utf-8"))["machine"]
    assert machine["cores"] >= 1
    assert {"python", "torch", "transformers", "redis", "redis-server"} <= set(machine["versions"])


@pytest.mark.parametrize(
    ("target", "bound", "met"),
    [(2.0, "least", True), (2.1, "least", False), (2.0, "most", True), (1.9, "most", False), (None, "least", None)],
)
def test_the_median_is_held_against_the_target(target: float | None, bound: str, met: bool | None) -> None:
    row = Row(name="x", unit="ms", values=(1.0, 2.0, 9.0), target=target, bound="least" if bound == "least" else "most")
    assert row.met is met


def test_what_was_not_measured_says_why_and_meets_nothing() -> None:
    row = Row(name="tokens", unit="tokens/s", values=(), note="no GPU here", target=1.0)
    assert row.met is None
    assert "no GPU here" in text(Report(benchmark="gpu", title="GPU", short=False, rows=(row,)))


def test_the_text_has_the_spread_and_says_that_a_short_run_means_nothing() -> None:
    said = text(Report(benchmark="some", title="Some", short=True, rows=(Row(name="speed", unit="jobs/s", values=(10.0, 12.0, 14.0)),)))
    assert "12.00 jobs/s (10.00 to 14.00)" in said
    assert "mean nothing" in said


def test_ratios_are_taken_round_by_round() -> None:
    assert ratio((2.0, 9.0), (1.0, 3.0)) == (2.0, 3.0)


def test_a_damaged_result_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BenchmarkError, match=r"bad\.json cannot be read"):
        read(tmp_path / "bad.json")

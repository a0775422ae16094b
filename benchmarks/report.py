"""What a benchmark found: one row a measurement with its value in each round, as JSON for the records and as text for people."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from benchmarks.errors import BenchmarkError
from benchmarks.machine import Machine

RESULTS = Path(__file__).with_name("results")
RATIO = "×"  # the unit of rows that divide one contestant by another
_NAME_COLUMNS, _VALUE_COLUMNS = 58, 10


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measurement. `values` holds one a round; a row without values says in `note` why.

    Where there is a `target`, the median must be at least, or at most, that.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    group: str = ""  # what it was measured at, e.g. a task or a concurrency
    target: float | None = None
    bound: Literal["least", "most"] = "least"
    note: str = ""

    @property
    def median(self) -> float:
        """The middle one of all rounds."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The least of all rounds."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The greatest of all rounds."""
        return max(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none, or nothing was measured."""
        if self.target is None or not self.values:
            return None
        return self.median >= self.target if self.bound == "least" else self.median <= self.target

    @property
    def aim(self) -> str:
        """The target in words; empty where there is none."""
        return "" if self.target is None else f"{'≥' if self.bound == 'least' else '≤'} {self.target:g}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """All rows of one benchmark. `short` marks a run that only shows that it runs: its numbers mean nothing."""

    benchmark: str
    title: str
    short: bool
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    machine: Machine = field(default_factory=Machine.here)

    def rows_of(self, name: str) -> list[Row]:
        """The rows with this name, in order."""
        return [row for row in self.rows if row.name == name]


def over(rounds: Sequence[Mapping[str, float]], name: str) -> tuple[float, ...]:
    """One contestant's value in each round."""
    return tuple(one[name] for one in rounds)


def ratio(above: Sequence[float], below: Sequence[float]) -> tuple[float, ...]:
    """Round by round, so that what else the machine did meets both alike."""
    return tuple(first / second for first, second in zip(above, below, strict=True))


def to_json(report: Report) -> dict[str, Any]:
    """The form of the records: all fields, and the median and the spread of each row."""
    body: dict[str, Any] = msgspec.to_builtins(report)
    for row, written in zip(report.rows, body["rows"], strict=True):
        spread = {"median": row.median, "low": row.low, "high": row.high} if row.values else {}
        written |= spread | ({} if row.met is None else {"met": row.met})
    return body


def write(report: Report, folder: Path = RESULTS) -> Path:
    """Write NAME.json in `folder`; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.benchmark}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(to_json(report)), indent=1) + b"\n")
    return path


def read(path: Path) -> Report:
    """A report as `write` wrote it.

    Raises:
        BenchmarkError: it cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError) as error:
        raise BenchmarkError(
            "result_unreadable",
            ja=f"{path} を計測結果として読めません（{error}）。python -m benchmarks で作り直してください。",
            en=f"{path} cannot be read as a result ({error}). Write it anew: python -m benchmarks",
        ) from error


def text(report: Report) -> str:
    """What the command line prints."""
    said = " (short: only shows that it runs; the numbers mean nothing)" if report.short else ""
    lines = [f"{report.title}{said}", *(_line(row) for row in report.rows), *report.notes]
    return "\n".join(lines)


def _line(row: Row) -> str:
    name = f"{row.name} · {row.group}" if row.group else row.name
    if not row.values:
        return f"{name:{_NAME_COLUMNS}}{row.note}"
    spread = f"({shown(row.low)} to {shown(row.high)})"
    verdict = "" if row.met is None else f"  {row.aim}: {'met' if row.met else 'NOT MET'}"
    note = f"  {row.note}" if row.note else ""
    return f"{name:{_NAME_COLUMNS}}{shown(row.median):>{_VALUE_COLUMNS}} {row.unit} {spread}{verdict}{note}"


def shown(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"

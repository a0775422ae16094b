"""All that `yomite evaluate` found in one run, and its JSON form."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.contract import Message
from engine.evaluation.comparing import Comparison
from engine.evaluation.evaluation import Evaluation, RowOutcome
from engine.examples.rows import Row


@dataclass(frozen=True, kw_only=True)
class Report:
    """One evaluation of the rows of a file, and its comparison with another model's where one was asked for."""

    data: Path
    sha256: str
    notes: tuple[Message, ...]  # on the file
    rows: tuple[Row, ...]  # those that were measured
    evaluation: Evaluation
    comparison: Comparison | None = None


def as_json(report: Report, *, rows: bool = False) -> dict[str, object]:
    """What `--json` prints. These keys are stable; with `rows`, there is also how each row went (`outcomes`)."""
    found = report.evaluation
    printed: dict[str, object] = {
        "task": str(found.task),
        "data": report.data.name,
        "sha256": report.sha256,
        "model": found.model,
        "rows": found.rows,
        "failures": found.failures,
        "metrics": _rounded(found.metrics),
        "intervals": {name: _rounded([one.low, one.high]) for name, one in found.intervals.items()},
        "per_class": [_rounded(asdict(one)) for one in found.per_class],
        "averages": [_rounded(asdict(one)) for one in found.averages],
        "confusion": found.confusion and asdict(found.confusion),
        "calibration": found.calibration and _rounded(asdict(found.calibration)),
        "comparison": report.comparison and _comparison(report.comparison),
        "notes": [asdict(note) for note in report.notes],
    }
    if rows:
        printed["outcomes"] = [_outcome(one) for one in found.outcomes]
    return printed


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "against": found.other.model,
        "metrics": _rounded(found.other.metrics),
        "failures": found.other.failures,
        "differences": [_rounded(asdict(one)) for one in found.differences],
        "only_first": len(found.only_first),
        "only_other": len(found.only_other),
        "said": asdict(found.said),
    }


def _outcome(one: RowOutcome) -> dict[str, Any]:
    return {**_rounded(asdict(one)), "right": one.right}


def _rounded(value: Any) -> Any:
    """Every fraction to six digits."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value

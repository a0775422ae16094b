"""`python -m benchmarks.page`: writes docs/en/benchmarks.md, its tables and plots, from the files in benchmarks/results."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import plots, report
from benchmarks.errors import BenchmarkError
from benchmarks.machine import ROOT, Machine
from benchmarks.report import RESULTS, Report, Row, shown
from engine.errors import EngineError

PAGE, IMAGES = ROOT / "docs" / "en" / "benchmarks.md", ROOT / "docs" / "images"
ORDER = (
    "engine",
    "system",
    "overhead",
    "scale",
    "service",
    "capacity",
    "start",
    "drawing",
    "levers",
    "learning",
    "backends",
    "profile",
    "gpu",
)
HEAD = """# Benchmarks

Written by `python -m benchmarks.page` from `benchmarks/results/`; `make bench` measures anew. Each benchmark measures all its contestants
in one run, in turns, after it has compared what they answer. A number is the median over the rounds, with the least and the greatest
behind it; × is a ratio, taken round by round. ここの数字はすべて `make bench` で測り直せます。
"""
# What is measured otherwise since the result of a benchmark was taken at a commit; one that is taken anew has another commit.
MEASURED_OTHERWISE = {
    "engine": (
        "25b98a507ed6",
        "Since then the bare loop of fill_mask computes words for the blanks alone, as the engine does; here it did so for every piece.",
    ),
    "scale": (
        "34b46b8ce558",
        "Since then numbers of workers take turns, and short questions alone pause as they do beside long documents; here they did not.",
    ),
}


def write(results: Path, page: Path, images: Path) -> None:
    """Write the page and its pictures.

    Raises:
        BenchmarkError: there are no results, one is unreadable, or one is of a short run.
    """
    reports = reports_in(results)
    images.mkdir(parents=True, exist_ok=True)
    parts = [HEAD]
    for one in reports:
        parts.append(section(one))
        for name, figure in plots.figures(one):
            path = images / f"benchmarks-{name}.png"
            path.write_bytes(figure)
            parts.append(f"![{one.title}]({os.path.relpath(path, page.parent)})\n")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(parts), encoding="utf-8")


def reports_in(results: Path) -> list[Report]:
    """What was measured, in the page's order.

    Raises:
        BenchmarkError: there are no results, one is unreadable, or one is of a short run.
    """
    paths = sorted(results.glob("*.json"), key=lambda path: (ORDER.index(path.stem) if path.stem in ORDER else len(ORDER), path.stem))
    reports = [report.read(path) for path in paths]
    short = next((one.benchmark for one in reports if one.short), None)
    if not reports or short:
        said = f"{short} は --short の結果です。" if short else f"{results} に結果がありません。"
        raise BenchmarkError(
            "no_results",
            ja=f"{said}先に python -m benchmarks で測ってください。",
            en=f"{f'the result of {short} is of a short run' if short else f'there are no results in {results}'}. Measure first: python -m benchmarks",
        )
    return reports


def section(one: Report) -> str:
    """The part of the page about one benchmark, without its plots."""
    commit, otherwise = MEASURED_OTHERWISE.get(one.benchmark, ("", ""))
    notes = [*one.notes, *([otherwise] if commit and one.machine.commit.startswith(commit) else [])]
    lines = [f"## {one.title}", "", *_table(one.rows), "", *(f"- {note}" for note in notes), "", _machine(one.machine), ""]
    return "\n".join(lines)


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| what | at | median | spread | unit | target | met |"
    yield "|---|---|---:|---:|---|---|---|"
    for row in rows:
        yield f"| {' | '.join(_cells(row))} |"


def _cells(row: Row) -> list[str]:
    if not row.values:
        return [row.name, row.group, row.note, "", "", "", ""]
    met = {None: "", True: "yes", False: "**no**"}[row.met]
    name = f"{row.name} ({row.note})" if row.note else row.name
    return [name, row.group, shown(row.median), f"{shown(row.low)} – {shown(row.high)}", row.unit, row.aim, met]


def _machine(machine: Machine) -> str:
    features = ", ".join(machine.features) or "none of note"
    versions = " · ".join(f"{name} {version}" for name, version in machine.versions.items())
    device = f" · {machine.gpu}" if machine.gpu else ""
    return f"{machine.date}, commit {machine.commit}. {machine.cpu}, {machine.cores} cores, {machine.memory_gib:g} GiB, {features}{device}. {versions}."


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page; 1 where there is nothing to write it from."""
    parsing = argparse.ArgumentParser(prog="python -m benchmarks.page", description=(__doc__ or "").partition("\n")[0])
    parsing.add_argument("--results", type=Path, default=RESULTS)
    parsing.add_argument("--page", type=Path, default=PAGE)
    parsing.add_argument("--images", type=Path, default=IMAGES)
    options = parsing.parse_args(arguments)
    try:
        write(options.results, options.page, options.images)
    except EngineError as error:
        print(error.message.ja, error.message.en, sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The plots of the benchmarks' page: ratios as bars, systems and workers as lines."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.report import RATIO, Report, Row

DPI = 150
WIDTH_IN, ROW_IN = 8.0, 0.42
WIDE = 20.0  # from such a range on, ratios stand on a logarithmic axis
INK, FAINT, MET, MISSED = "#222222", "#888888", "#2c6fbb", "#c8553d"
# Told apart by the colour-blind, and by their marks.
STYLES = (("#000000", "o"), ("#e69f00", "s"), ("#56b4e9", "^"), ("#009e73", "D"), ("#cc79a7", "v"), ("#0072b2", "P"), ("#d55e00", "X"))
_AT_ONCE, _WORKERS = re.compile(r"(\d+) at once"), re.compile(r"(\d+) workers?")


def figures(report: Report) -> Iterator[tuple[str, bytes]]:
    """(name, PNG) of each plot of a report."""
    aimed = [row for row in report.rows if row.unit == RATIO and row.values]
    if report.benchmark == "system":
        yield "system", _lines(report, _AT_ONCE, ("requests/s", "p95"), "people at once")
    if report.benchmark == "capacity":
        yield "capacity", _lines(report, _WORKERS, ("p50", "p95"), "workers", logarithmic=True)
    if aimed:
        yield f"{report.benchmark}-ratios", _bars(aimed, report.title)


def _bars(rows: Sequence[Row], title: str) -> bytes:
    """One bar a ratio, with its spread; a short line across it is its target."""
    figure = Figure(figsize=(WIDTH_IN, 1.1 + ROW_IN * len(rows)), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    places = range(len(rows))
    colours = [MISSED if row.met is False else MET for row in rows]
    spread = [[row.median - row.low for row in rows], [row.high - row.median for row in rows]]
    axes.barh(places, [row.median for row in rows], xerr=spread, color=colours, ecolor=INK, height=0.6)
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    for place, row in zip(places, rows, strict=True):
        beyond = max(row.high, row.target or 0.0)
        axes.text(beyond, place, f"  {row.median:.2f}", va="center", fontsize=8, color=INK, bbox=behind)
        if row.target is not None:
            axes.plot([row.target, row.target], [place - 0.42, place + 0.42], color=INK, linewidth=1.6)
    axes.axvline(1.0, color=FAINT, linewidth=0.8, linestyle=":")
    axes.set_yticks(places, [f"{row.name} · {row.group}" if row.group else row.name for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    if max(row.high for row in rows) > WIDE * min(row.median for row in rows):
        axes.set_xscale("log")
    else:
        axes.set_xlim(left=0.0)
    axes.set_xlabel("× (black line: target; red: missed; dotted: 1)", fontsize=8)
    axes.set_title(title, fontsize=10, loc="left")
    _plain(axes)
    return _png(figure)


def _lines(report: Report, place: re.Pattern[str], measures: Sequence[str], x_name: str, *, logarithmic: bool = False) -> bytes:
    """One panel a measure, one line a contestant, over the number in the rows' group."""
    figure = Figure(figsize=(WIDTH_IN, 3.8), dpi=DPI, layout="constrained")
    panels: Any = figure.subplots(1, len(measures), squeeze=False)[0]
    for axes, measure in zip(panels, measures, strict=True):
        rows = [row for row in report.rows if row.name.endswith(f": {measure}") and row.values and place.fullmatch(row.group)]
        for number, name in enumerate(dict.fromkeys(row.name for row in rows)):
            some = [row for row in rows if row.name == name]
            xs = [int(found[1]) for row in some if (found := place.fullmatch(row.group))]
            colour, mark = STYLES[number % len(STYLES)]
            axes.plot(xs, [row.median for row in some], color=colour, marker=mark, markersize=5, label=name.partition(":")[0])
            axes.fill_between(xs, [row.low for row in some], [row.high for row in some], color=colour, alpha=0.12, linewidth=0)
        axes.set_xscale("log", base=2)
        ticks = sorted({int(found[1]) for row in rows if (found := place.fullmatch(row.group))})
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.set_xlabel(x_name, fontsize=8)
        axes.set_ylabel(f"{measure} ({rows[0].unit})" if rows and rows[0].unit != measure else measure, fontsize=8)
        if logarithmic:
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0.0)
        _plain(axes)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    figure.suptitle(report.title, fontsize=10, x=0.02, ha="left")
    return _png(figure)


def _plain(axes: Any) -> None:
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png")
    return buffer.getvalue()

"""Draws a matrix of numbers with a labelled row and column for each token or text, as a PNG."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from engine.contract import Image, Message
from engine.figures.font import STAND_IN, display_columns, drawable, japanese_font

# Two pixels a point: a phone shows a picture of 500 points without shrinking it.
_DPI = 144
_LABEL_PT = 10.0
_TITLE_PT = 12.0
_LARGE_TITLE_PT = 18.0  # a large picture is looked at from further away
# A cell holds a line of its label; a small matrix gets larger cells, a large one grows the picture up to MAX_CELLS.
_CELL_IN = 0.21
_WIDEST_CELL_IN = 0.85
_LEAST_MAP_IN = 3.4
MAX_CELLS = 100
_MAX_LABEL_COLUMNS = 28
_MARGIN_IN = 0.15
# Numbers are written into the cells of a matrix of at most this many rows and columns.
_MAX_WRITTEN = 8

Matrix = NDArray[np.floating[Any]]


def heatmap(
    matrix: Matrix,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    title: Sequence[str],
    scale: str,
    name: str,
    alt: Message,
    low: float = 0.0,
    high: float | None = None,
) -> Image:
    """Draw `matrix`, one labelled row and column each; `title` is one or more lines, `scale` says what the colours mean.

    Colours run from `low` to `high` (None: the largest value). *Shape:* matrix (rows, columns), each at most 100.

    Raises:
        ValueError: the labels do not fit the matrix, or it is empty or too large to draw readably.
    """
    if matrix.shape != (len(rows), len(columns)) or matrix.size == 0 or max(matrix.shape) > MAX_CELLS:
        raise ValueError(f"cannot draw a matrix of shape {matrix.shape} with {len(rows)} row and {len(columns)} column labels")
    values = np.nan_to_num(matrix.astype(np.float64), posinf=0.0, neginf=0.0)
    top = float(values.max()) if high is None else high
    figure = _draw(values, _labels(rows), _labels(columns), title, scale, (low, top if top > low else low + 1.0))
    data = _png(figure)
    width, height = struct.unpack(">II", data[16:24])
    return Image(name=name, media_type="image/png", width_px=width, height_px=height, alt=alt, data=data)


def _labels(texts: Sequence[str]) -> list[str]:
    return [drawable(text, max_columns=_MAX_LABEL_COLUMNS) or STAND_IN for text in texts]


def _draw(
    values: Matrix, rows: Sequence[str], columns_: Sequence[str], title: Sequence[str], scale: str, limits: tuple[float, float]
) -> Figure:
    cell = float(np.clip(_LEAST_MAP_IN / max(values.shape), _CELL_IN, _WIDEST_CELL_IN))
    height, width = (cell * count for count in values.shape)
    # The map's axes and the colour bar's are placed in inches; saving grows the picture around all labels.
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    drawn = axes.imshow(values, cmap="cividis", vmin=limits[0], vmax=limits[1], aspect="auto", interpolation="nearest")
    _label(axes, rows, columns_, cell)
    if max(values.shape) <= _MAX_WRITTEN:
        _write_numbers(axes, values, limits, cell)
    _colour_bar(figure, drawn, scale, width, height)
    _title(axes, title, rows, width, height)
    return figure


def _label(axes: Axes, rows: Sequence[str], columns_: Sequence[str], cell: float) -> None:
    font = japanese_font(_LABEL_PT)
    axes.set_yticks(range(len(rows)), rows, fontproperties=font, parse_math=False)
    fits = max(map(display_columns, columns_)) * _LABEL_PT / 2 / 72 < 0.9 * cell
    axes.set_xticks(range(len(columns_)), columns_, fontproperties=font, parse_math=False, rotation=0 if fits else 90)
    axes.tick_params(length=2, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _write_numbers(axes: Axes, values: Matrix, limits: tuple[float, float], cell: float) -> None:
    low, high = limits
    font = japanese_font(_LABEL_PT if cell > 0.5 else 8.0)
    for (row, column), value in np.ndenumerate(values):
        light = (value - low) / (high - low) > 0.45
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontproperties=font, color="black" if light else "white")


def _colour_bar(figure: Figure, drawn: AxesImage, scale: str, width: float, height: float) -> None:
    bar_height = min(height, 4.0)
    place = (1.0 + 0.15 / width, 1.0 - bar_height / height, 0.16 / width, bar_height / height)
    bar = figure.colorbar(drawn, cax=figure.add_axes(place))
    bar.set_label(drawable(scale), fontproperties=japanese_font(_LABEL_PT), parse_math=False)
    for label in bar.ax.get_yticklabels():
        label.set_fontproperties(japanese_font(_LABEL_PT - 1))


def _title(axes: Axes, title: Sequence[str], rows: Sequence[str], width: float, height: float) -> None:
    """Above the map, from the left edge of the row labels on, so that it has the picture's whole width."""
    label_width = max(map(display_columns, rows)) * _LABEL_PT / 2 / 72 + 0.1
    size = float(np.clip(1.5 * width, _TITLE_PT, _LARGE_TITLE_PT))
    room = int((label_width + width + 0.8) * 72 / (size / 2))
    lines = [line for text in title for line in _wrap(drawable(text), room)]
    axes.text(
        -label_width / width,
        1.0 + 0.12 / height,
        "\n".join(lines),
        transform=axes.transAxes,
        ha="left",
        va="bottom",
        fontproperties=japanese_font(size),
        linespacing=1.35,
        parse_math=False,
    )


def _wrap(text: str, max_columns: int) -> list[str]:
    """Lines of at most `max_columns`, cut behind a space, hyphen or slash where the second half of a line has one."""
    lines = []
    while display_columns(text) > max_columns:
        end, width = 0, 0
        while width + display_columns(text[end]) <= max_columns:
            width += display_columns(text[end])
            end += 1
        seam = max(text.rfind(sign, end // 2, end) for sign in " -/")
        cut = seam + 1 if seam > 0 else max(1, end)
        lines.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*lines, text]


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", bbox_inches="tight", pad_inches=_MARGIN_IN, metadata={"Software": None})
    return out.getvalue()

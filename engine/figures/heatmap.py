"""Draws a matrix of numbers with a name for each row and column, as a picture of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract import Image, Message
from engine.figures.colours import FAINT, INK, Array, Scale
from engine.figures.font import STAND_IN, drawable
from engine.figures.labels import Label
from engine.figures.matrix import draw_matrix, draw_scale
from engine.figures.sheet import TEXT_PT, TITLE_PT, Sheet

MAX_CELLS = 100
Matrix = Array


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
    """Draw `matrix`, one named row and column each; `title` is one or more lines, `scale` says what the colours mean.

    Colours run from `low` (at most 0) to `high` (None: the largest value). *Shape:* matrix (rows, columns), each at most 100.

    Raises:
        ValueError: the names do not fit the matrix, or it is empty or too large to draw readably.
    """
    return heatmap_sheet(matrix, rows=rows, columns=columns, title=title, scale=scale, low=low, high=high).image(name, alt)


def heatmap_sheet(
    matrix: Matrix,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    title: Sequence[str],
    scale: str,
    low: float = 0.0,
    high: float | None = None,
) -> Sheet:
    """The page of `heatmap`.

    Raises:
        ValueError: as there.
    """
    if matrix.shape != (len(rows), len(columns)) or matrix.size == 0 or max(matrix.shape) > MAX_CELLS:
        raise ValueError(f"cannot draw a matrix of shape {matrix.shape} with {len(rows)} row and {len(columns)} column labels")
    known = np.nan_to_num(matrix.astype(np.float64), posinf=0.0, neginf=0.0)
    top = float(known.max()) if high is None else high
    colours = Scale(low=min(low, 0.0), high=top if top > 0 else 1.0)
    sheet = Sheet(japanese=False)  # all words are given
    for number, line in enumerate(title):
        sheet.paragraph(line, size=TEXT_PT if number else TITLE_PT, colour=FAINT if number else INK)
    sheet.space(8)
    draw_matrix(sheet, known, scale=colours, rows=_labels(rows), columns=_labels(columns))
    draw_scale(sheet, colours, Message(ja=scale, en=scale))
    return sheet


def _labels(texts: Sequence[str]) -> list[Label]:
    return [Label(drawable(text) or STAND_IN) for text in texts]

"""Draws a matrix on a page: cells of colour, a name for each row and column, and the scale that says what the colours mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract import Message
from engine.figures import labels as names
from engine.figures.colours import FAINT, HAIR, INK, POINTER, Array, Rgb, Scale, ink_on, tick
from engine.figures.font import drawable, text_width
from engine.figures.labels import Label
from engine.figures.sheet import LABEL_PT, MARGIN_PT, WIDTH_PT, Sheet
from engine.figures.wrapping import wrapped

# Cells are no larger than this, and get numbers from the second size on.
_WIDEST_CELL_PT = 44.0
_WRITTEN_CELL_PT = 25.0
_GRID_CELL_PT = 5.0
SEGMENT_PT = 16.0
_BAR_WIDTH_PT = 170.0
_BAR_HEIGHT_PT = 9.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the cells of a matrix are, in points."""

    x: float
    y: float
    cell_width: float
    cell_height: float
    rows: int
    columns: int

    @property
    def width(self) -> float:
        """Of all the cells."""
        return self.columns * self.cell_width

    @property
    def height(self) -> float:
        """Of all the cells."""
        return self.rows * self.cell_height


@dataclass(frozen=True, kw_only=True)
class Segments:
    """Two texts in one matrix: the second begins at the token `second_from`."""

    second_from: int
    names: tuple[Message, Message]


def draw_matrix(
    sheet: Sheet,
    values: Array,
    *,
    scale: Scale,
    rows: Sequence[Label],
    columns: Sequence[Label],
    segments: Segments | None = None,
    x: float = MARGIN_PT,
    width: float = WIDTH_PT - 2 * MARGIN_PT,
    row_pt: float | None = None,
    named_rows: bool = True,
    digits: bool = True,
    matters: Array | None = None,
    longest_row: float = names.LONGEST_PT,
) -> Place:
    """Draw `values` from the page's `y` on, in the given width, and move `y` below it.

    Rows are `row_pt` points high; None: as high as wide, and high enough for a name. Where there is no room for all names, those
    of the rows and columns with the largest sums of `matters` (None: of the values) are written. *Shape:* values (rows, columns).
    """
    known = np.nan_to_num(np.asarray(values, dtype=np.float64), posinf=0.0, neginf=0.0)
    above, weights = SEGMENT_PT if segments else 0.0, np.abs(known if matters is None else matters)
    left = above + names.rows_width(rows, longest=longest_row) if named_rows else 0.0
    cell = min(_WIDEST_CELL_PT, _whole(width - left, known.shape[1]))
    heads = names.columns(columns, pitch=cell, weights=weights.sum(axis=0).tolist())
    place = Place(
        x=x + left,
        y=_snap(sheet.y + above + heads.height_above),
        cell_width=cell,
        cell_height=max(cell, names.PITCH_PT) if row_pt is None else row_pt,
        rows=known.shape[0],
        columns=known.shape[1],
    )
    paint(sheet, known, scale, place, digits=digits)
    heads.draw(sheet, x=place.x, top=place.y, bottom=place.y + place.height, pitch=cell)
    if named_rows:
        ranks = weights.sum(axis=1).tolist()
        names.draw_rows(sheet, rows, x=place.x, y=place.y, pitch=place.cell_height, weights=ranks, longest=longest_row)
    if segments:
        _draw_segments(sheet, place, segments, left=x if named_rows else None, top=place.y - heads.height_above)
    sheet.y = place.y + place.height + heads.height_below + 6
    return place


def paint(sheet: Sheet, values: Array, scale: Scale, place: Place, *, digits: bool) -> None:
    """Paint the cells, with a hair-line grid where they are large enough and their numbers where these fit."""
    sheet.cells(scale.colours(values), place.x, place.y, place.width, place.height)
    if min(place.cell_width, place.cell_height) >= _GRID_CELL_PT:
        _grid(sheet, place)
    sheet.box(place.x, place.y, place.width, place.height, edge=FAINT, thickness=0.6)
    if digits and place.cell_width >= _WRITTEN_CELL_PT:
        for (row, column), value in np.ndenumerate(values):
            middle = place.x + (column + 0.5) * place.cell_width, place.y + (row + 0.5) * place.cell_height
            if abs(value) >= 0.005:
                said = f"{value:.2f}".replace("-", "−")
                sheet.middle(*middle, said, size=9, colour=ink_on(scale.colour(float(value))), align="center")


def frame(sheet: Sheet, place: Place, *, rows: tuple[int, int], columns: tuple[int, int], colour: Rgb = POINTER) -> None:
    """Frame a block of cells, ends exclusive."""
    x, y = place.x + columns[0] * place.cell_width, place.y + rows[0] * place.cell_height
    size = (columns[1] - columns[0]) * place.cell_width, (rows[1] - rows[0]) * place.cell_height
    sheet.box(x, y, *size, edge=colour, thickness=1.8, order=5)


def draw_scale(sheet: Sheet, scale: Scale, meaning: Message) -> None:
    """Draw the colours with their numbers, and what these are."""
    said = drawable(sheet.say(meaning))
    beside = text_width(said, LABEL_PT) <= WIDTH_PT - 2 * MARGIN_PT - _BAR_WIDTH_PT - 60
    if not beside:
        for line in wrapped(said, LABEL_PT, WIDTH_PT - 2 * MARGIN_PT):
            sheet.text(MARGIN_PT, sheet.y + LABEL_PT, line)
            sheet.y += LABEL_PT * 1.4
    x = MARGIN_PT + 12 if not beside else MARGIN_PT + text_width(said, LABEL_PT) * 1.02 + 24
    sheet.y = _snap(sheet.y + 3)
    steps = np.linspace(scale.low, scale.high, 128)[None, :]
    sheet.cells(scale.colours(steps), x, sheet.y, _BAR_WIDTH_PT, _BAR_HEIGHT_PT)
    sheet.box(x, sheet.y, _BAR_WIDTH_PT, _BAR_HEIGHT_PT, edge=FAINT, thickness=0.6)
    if beside:
        sheet.middle(MARGIN_PT, sheet.y + _BAR_HEIGHT_PT / 2, said)
    _numbers(sheet, scale, x)
    sheet.y += _BAR_HEIGHT_PT + 4 + LABEL_PT + 4


def _numbers(sheet: Sheet, scale: Scale, x: float) -> None:
    ticks = scale.ticks()
    for at in ticks:
        place = x + (at - scale.low) / (scale.high - scale.low) * _BAR_WIDTH_PT
        more = scale.more and at == ticks[-1]
        number = tick(at, sign=scale.low < 0)
        said = Message(ja=f"{number}以上" if more else number, en=f"{number} or more" if more else number)
        sheet.line((place, place), (sheet.y + _BAR_HEIGHT_PT, sheet.y + _BAR_HEIGHT_PT + 3), thickness=0.6)
        sheet.text(place, sheet.y + _BAR_HEIGHT_PT + 3 + LABEL_PT, said, align="center")


def _draw_segments(sheet: Sheet, place: Place, segments: Segments, *, left: float | None, top: float) -> None:
    """Draw the line between two texts and their names above the columns and, from `left` on, beside the rows."""
    cut, (first, second) = segments.second_from, segments.names
    across, down = place.x + cut * place.cell_width, place.y + cut * place.cell_height
    sheet.line((place.x, place.x + place.width), (down, down), colour=INK, thickness=1.4)
    sheet.line((across, across), (place.y, place.y + place.height), colour=INK, thickness=1.4)
    _bracket(sheet, first, top - SEGMENT_PT, place.x, across, upright=False)
    _bracket(sheet, second, top - SEGMENT_PT, across, place.x + place.width, upright=False)
    if left is not None:
        _bracket(sheet, first, left, place.y, down, upright=True)
        _bracket(sheet, second, left, down, place.y + place.height, upright=True)


def _bracket(sheet: Sheet, name: Message, at: float, start: float, end: float, *, upright: bool) -> None:
    """A text's name beside the stretch that is its own: to the left where `upright`, else above."""
    middle, said = (start + end) / 2, drawable(sheet.say(name))
    xs, ys = ((at + 13, at + 13), (start + 1.5, end - 1.5)) if upright else ((start + 1.5, end - 1.5), (at + 13, at + 13))
    sheet.line(xs, ys, colour=POINTER, thickness=2.0)
    if text_width(said, LABEL_PT) > end - start:
        said = said[-1] if sheet.japanese else said[-1].upper() if said.startswith("text") else said[0].upper()
    if upright:
        half = text_width(said, LABEL_PT) / 2
        sheet.text(at + LABEL_PT * 0.9, middle + half, said, upright=False)
    else:
        sheet.text(middle, at + LABEL_PT, said, align="center")


def _grid(sheet: Sheet, place: Place) -> None:
    for row in range(1, place.rows):
        y = place.y + row * place.cell_height
        sheet.line((place.x, place.x + place.width), (y, y), colour=HAIR, thickness=0.3)
    for column in range(1, place.columns):
        x = place.x + column * place.cell_width
        sheet.line((x, x), (place.y, place.y + place.height), colour=HAIR, thickness=0.3)


def _whole(width: float, count: int) -> float:
    """A cell's width: a whole number of pixels where there is room for that, so that all cells are equally wide."""
    cell = width / count
    return np.floor(cell * 2) / 2 if cell >= 1 else cell


def _snap(place: float) -> float:
    return float(np.ceil(place * 2) / 2)

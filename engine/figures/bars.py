"""Bars with a name and a number each."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract import Message
from engine.figures.colours import BLUE, FAINT, HAIR, POINTER, Rgb, written
from engine.figures.font import drawable, shortened, text_width
from engine.figures.sheet import LABEL_PT, MARGIN_PT, TEXT_PT, WIDTH_PT, Sheet

ROW_PT = 14.0
_THICK_PT = 8.0


def draw_bars(
    sheet: Sheet,
    entries: Sequence[tuple[str | Message, float]],
    *,
    title: Message | None = None,
    x: float = MARGIN_PT,
    width: float = WIDTH_PT - 2 * MARGIN_PT,
    longest: float | None = None,
    sign: bool = False,
    percent: bool = False,
    colour: Rgb = BLUE,
) -> None:
    """Draw a bar each, from the page's `y` on, and move `y` below them. The bar of `longest` (None: of the largest) is as long as there is room.

    Values below 0 go to the left, in orange; `sign` writes + before the others; `percent` writes shares as such.
    """
    if title is not None:
        sheet.text(x, sheet.y + TEXT_PT, title, size=TEXT_PT)
        sheet.y += 1.5 * TEXT_PT + 2
    names = [drawable(sheet.say(name)) or "〓" for name, _ in entries]
    values = [value for _, value in entries]
    room = min(max((text_width(name, LABEL_PT) for name in names), default=0.0) * 1.02, width * 0.48)
    numbers = [f"{value:.1%}" if percent else written(value, sign=sign) for value in values]
    number_pt = max((text_width(number, LABEL_PT) for number in numbers), default=0.0) * 1.02 + 6
    low, high = min([0.0, *values]), max([0.0, *values]) if longest is None else longest
    span = (high - low) or 1.0
    unit = (width - room - 8 - number_pt * (2 if low < 0 else 1)) / span
    zero = x + room + 8 + (number_pt if low < 0 else 0.0) - low * unit
    for name, value, number in zip(names, values, numbers, strict=True):
        middle = sheet.y + ROW_PT / 2
        sheet.middle(x + room, middle, shortened(name, LABEL_PT, room + 0.1), align="right")
        start = zero + min(0.0, value * unit)
        sheet.box(start, middle - _THICK_PT / 2, abs(value) * unit, _THICK_PT, fill=POINTER if value < 0 else colour)
        sheet.middle(
            start - 4 if value < 0 else zero + value * unit + 4, middle, number, colour=FAINT, align="right" if value < 0 else "left"
        )
        sheet.y += ROW_PT
    sheet.line((zero, zero), (sheet.y - ROW_PT * len(values), sheet.y), colour=HAIR if low == 0 else FAINT, thickness=0.8)
    sheet.space(6)

"""Names along the edges of a matrix: which ones there is room for, and how they stand."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from engine.figures.colours import FAINT, HAIR, INK
from engine.figures.font import drawable, shortened, text_width
from engine.figures.sheet import COLUMN_SPACING, LABEL_PT, Sheet

# Two lines of labels are at least so far apart.
PITCH_PT = 10.5
_GAP_PT = 4.0
LONGEST_PT = 92.0
# The line of a column of characters is a little higher than its letters.
_COLUMN_LINE_PT = LABEL_PT * 1.08 * COLUMN_SPACING
_UPRIGHT = str.maketrans("ー「」『』（）…", "｜﹁﹂﹃﹄︵︶︙")


@dataclass(frozen=True)
class Label:
    """A name of a row or column; `faint` ones are special tokens."""

    text: str
    faint: bool = False

    @property
    def colour(self) -> tuple[float, float, float]:
        """Of its letters."""
        return FAINT if self.faint else INK


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns are named above and below a matrix, and whether all names lie flat."""

    labels: tuple[Label, ...]
    above: tuple[int, ...]
    below: tuple[int, ...]
    flat: bool

    @property
    def height_above(self) -> float:
        """The room that the names above need, in points."""
        return self._height(self.above)

    @property
    def height_below(self) -> float:
        """The room that the names below need, in points."""
        return self._height(self.below)

    def _height(self, indices: Sequence[int]) -> float:
        if not indices:
            return 0.0
        return _GAP_PT + (LABEL_PT if self.flat else max(_length(self.labels[index].text) for index in indices))

    def draw(self, sheet: Sheet, *, x: float, top: float, bottom: float, pitch: float) -> None:
        """Write the names of columns that begin at `x` and are `pitch` wide, above `top` and below `bottom`."""
        for index in self.above:
            self._name(sheet, index, x + (index + 0.5) * pitch, top - _GAP_PT, down=False)
        for index in self.below:
            self._name(sheet, index, x + (index + 0.5) * pitch, bottom + _GAP_PT, down=True)

    def _name(self, sheet: Sheet, index: int, x: float, y: float, *, down: bool) -> None:
        label = self.labels[index]
        sheet.line((x, x), (y, y + (-_GAP_PT if down else _GAP_PT)), colour=HAIR, thickness=0.6)
        parts = stacked(label.text)
        if self.flat:
            sheet.text(x, y + (LABEL_PT * 0.8 if down else -1), label.text, colour=label.colour, align="center")
        elif parts is not None:
            sheet.column(x, y, parts, down=down, colour=label.colour)
        else:
            text = shortened(label.text, LABEL_PT, LONGEST_PT)
            sheet.text(x + 0.36 * LABEL_PT, y, text, colour=label.colour, align="right" if down else "left", upright=False)


def columns(labels: Sequence[Label], *, pitch: float, weights: Sequence[float], below: bool = True) -> Columns:
    """Where the names of columns go: all above; or every second one below; or, where that is too narrow, those of the largest weights."""
    clean = tuple(Label(drawable(label.text), label.faint) for label in labels)
    everything = tuple(range(len(clean)))
    flat = all(text_width(label.text, LABEL_PT) <= pitch - 3 for label in clean)
    if pitch >= PITCH_PT:
        return Columns(labels=clean, above=everything, below=(), flat=flat)
    if below and 2 * pitch >= PITCH_PT:
        return Columns(labels=clean, above=everything[::2], below=everything[1::2], flat=False)
    return Columns(labels=clean, above=chosen(weights, pitch=pitch), below=(), flat=False)


def rows_width(labels: Sequence[Label], *, longest: float = LONGEST_PT) -> float:
    """The room that the names of rows need, in points."""
    return _GAP_PT + min(longest, max(text_width(drawable(label.text), LABEL_PT) for label in labels) * 1.02)


def draw_rows(
    sheet: Sheet, labels: Sequence[Label], *, x: float, y: float, pitch: float, weights: Sequence[float], longest: float = LONGEST_PT
) -> None:
    """Write the names of rows to the left of `x`, from `y` down; where there is no room for all, those of the largest weights."""
    for index in chosen(weights, pitch=pitch):
        text = shortened(drawable(labels[index].text), LABEL_PT, longest)
        sheet.middle(x - _GAP_PT, y + (index + 0.5) * pitch, text, colour=labels[index].colour, align="right")


def chosen(weights: Sequence[float], *, pitch: float) -> tuple[int, ...]:
    """The places that get a name: the largest weights first, each at least `PITCH_PT` from the next."""
    taken: list[int] = []
    for index in sorted(range(len(weights)), key=lambda index: -weights[index]):
        if all(abs(index - other) * pitch >= PITCH_PT - 1e-6 for other in taken):
            taken.append(index)
    return tuple(sorted(taken))


def stacked(text: str) -> list[str] | None:
    """The lines of a label that is written from top to bottom, as Japanese is; None: it is too long, or has Latin words, and lies down."""
    if len(text) == 1:
        return [text.translate(_UPRIGHT)]
    if len(text) > 8 or not any(_wide(char) for char in text):
        return None
    rest = text.removeprefix("##")
    if any(not _wide(char) for char in rest) and not rest.isdigit():
        return None
    return ["#"] * (len(text) - len(rest)) + list(rest.translate(_UPRIGHT))


def _length(text: str) -> float:
    parts = stacked(text)
    if parts is not None:
        return len(parts) * _COLUMN_LINE_PT + 2
    return min(LONGEST_PT, text_width(text, LABEL_PT))


def _wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WFA"

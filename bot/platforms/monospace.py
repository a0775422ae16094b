"""Tables and matrices in letters of one width, where Japanese letters take two places; long cells go on in the next line."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator, Sequence

from bot.reply import Align, Matrix, Table

GAP = "  "
NARROWEST = 12  # places: a column is not made narrower than this
# What no line of Japanese begins with: closing marks, small kana, signs that lengthen or repeat; and what none ends with.
_NEVER_FIRST = frozenset("、。，．・：；？！）」』】〉》〕］｝…〜ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ")
_NEVER_LAST = frozenset("（「『【〈《〔［｛")


def places(text: str) -> int:
    """How many places a text takes: two for full width, none for what sits on the letter before."""
    return len(text) if text.isascii() else sum(map(_places_of, text))


def table_lines(table: Table, *, width: int) -> list[str]:
    """A table's head, if it has one, and its rows, in lines of about `width` places. Its title is left to the caller."""
    head = [column.title for column in table.columns]
    rows = [[cell.text for cell in row] for row in table.rows]
    return list(_lines([head, *rows] if any(head) else rows, [column.align for column in table.columns], width))


def matrix_lines(matrix: Matrix, *, width: int) -> list[str]:
    """A matrix with its labels; columns that do not fit into `width` places follow below, with the labels again."""
    widest = max((places(label) for label in (*matrix.row_labels, *matrix.column_labels)), default=0)
    at_once = max(1, (width - widest) // (max(widest, 6) + len(GAP)))
    lines: list[str] = []
    for start in range(0, len(matrix.column_labels), at_once):
        part = slice(start, start + at_once)
        rows = [["", *matrix.column_labels[part]]]
        rows += [
            [label, *(f"{value:.3f}" for value in values[part])] for label, values in zip(matrix.row_labels, matrix.values, strict=True)
        ]
        lines += [*([""] if lines else []), *_lines(rows, ["right"] * len(rows[0]), None)]
    return lines


def _lines(rows: Sequence[Sequence[str]], aligns: Sequence[Align], width: int | None) -> Iterator[str]:
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max((places(row[column]) for row in rows), default=0) for column in range(len(aligns))]
    if width is not None:
        _make_room(widths, aligns, width)
    for row in rows:
        folded = [list(_folded(cell, room)) for cell, room in zip(row, widths, strict=True)]
        for line in range(max(map(len, folded), default=0)):
            cells = [
                _padded(parts[line] if line < len(parts) else "", room, align)
                for parts, room, align in zip(folded, widths, aligns, strict=True)
                if room
            ]
            yield GAP.join(cells).rstrip()


def _make_room(widths: list[int], aligns: Sequence[Align], width: int) -> None:
    """Take places from the widest columns of text until a line fits."""
    for column, align in enumerate(aligns):
        if align == "left":  # at once what the steps below would take one by one
            widths[column] = min(widths[column], max(width, NARROWEST))
    while sum(widths) + len(GAP) * (len(widths) - 1) > width:
        column = max(range(len(widths)), key=lambda i: widths[i] if aligns[i] == "left" else 0)
        if aligns[column] != "left" or widths[column] <= NARROWEST:
            return
        widths[column] -= 1


def _folded(cell: str, room: int) -> Iterator[str]:
    """The cell in lines of at most `room` places, broken at a space where one is near, else where Japanese may be broken."""
    start = 0
    while (end := _end_of_room(cell, start, room)) < len(cell):
        space = cell.rfind(" ", start, end + 1)
        cut = space if space > start + (end - start) // 2 else _breakable(cell, start, max(end, start + 1))
        yield cell[start:cut].rstrip()
        start = cut
        while cell[start : start + 1].isspace():
            start += 1
    yield cell[start:]


def _end_of_room(cell: str, start: int, room: int) -> int:
    """Where the part of the cell ends that begins at `start` and takes at most `room` places."""
    end, taken = start, 0
    while end < len(cell) and (taken := taken + _places_of(cell[end])) <= room:
        end += 1
    return end


def _breakable(cell: str, start: int, end: int) -> int:
    """The last place up to `end`, and not far before it, where a line may begin; `end` where there is none. The line began at `start`."""
    good = (
        place
        for place in range(end, start + (end - start) // 2, -1)
        if cell[place : place + 1] not in _NEVER_FIRST and cell[place - 1] not in _NEVER_LAST
    )
    return next(good, end)


def _padded(text: str, room: int, align: Align) -> str:
    filling = " " * (room - places(text))
    return filling + text if align == "right" else text + filling


@functools.lru_cache(maxsize=65_536)  # letters: more than a language has, and few megabytes
def _places_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1

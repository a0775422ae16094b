"""The beginning of a block, where all of it is more than a message shows anyway: the rest need not be drawn to be cut off."""

from __future__ import annotations

from dataclasses import replace

from bot.reply import Block, Cell, Highlight, Matrix, Paragraph, Table


def beginning_of(block: Block, *, most: int) -> Block:
    """So much of a block that `most` characters of a message are full with it; the block itself where it is not larger than that."""
    match block:
        case Paragraph():
            return Paragraph(text=block.text[:most]) if len(block.text) > most else block
        case Highlight():
            return _of_highlight(block, most)
        case Table():
            return _of_table(block, most)
        case Matrix():
            return _of_matrix(block, most)
        case _:
            return block


def _of_highlight(block: Highlight, most: int) -> Highlight:
    if len(block.text) <= most:
        return block
    return Highlight(text=block.text[:most], spans=tuple(span for span in block.spans if span.end <= most))


def _of_table(block: Table, most: int) -> Table:
    rows: list[tuple[Cell, ...]] = []
    room = most
    for row in block.rows:
        if room <= 0:
            break
        shown = tuple(replace(cell, text=cell.text[:most]) if len(cell.text) > most else cell for cell in row)
        rows.append(row if shown == row else shown)
        room -= 1 + sum(len(cell.text) for cell in shown)
    return block if tuple(rows) == block.rows else replace(block, rows=tuple(rows))


def _of_matrix(block: Matrix, most: int) -> Matrix:
    """Its first rows; a number with its gap takes more than one character."""
    count = max(1, most // max(1, len(block.column_labels)))
    if len(block.row_labels) <= count:
        return block
    return replace(block, row_labels=block.row_labels[:count], values=block.values[:count])

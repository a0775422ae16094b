"""English rows as somebody shouts them: the same text in capitals, for measuring."""

from __future__ import annotations

from dataclasses import replace

from engine.examples.rows import AskRow, NerRow, Row, SentimentRow


def in_capitals(row: Row) -> Row:
    """The row with its texts in capitals; places of characters stay.

    Raises:
        TypeError: it is of a kind that is not measured so.
    """
    match row:
        case SentimentRow() | NerRow():
            return replace(row, text=_upper(row.text))
        case AskRow():
            answers = tuple(replace(answer, text=_upper(answer.text)) for answer in row.answers)
            return replace(row, question=_upper(row.question), context=_upper(row.context), answers=answers)
        case _:
            raise TypeError(f"{type(row).__name__} is not measured in capitals")


def _upper(text: str) -> str:
    """Capitals, one for each letter: ß, which becomes two, stays."""
    return "".join(large if len(large := character.upper()) == 1 else character for character in text)

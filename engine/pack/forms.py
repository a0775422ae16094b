"""The forms in which rows are measured: as they are, in capitals, and as they stand in a chat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.examples.rows import AskRow, NerRow, Row, SentimentRow
from engine.pack.chat import in_chat
from engine.tokenization.capitals import letter_by_letter


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
    return letter_by_letter(text, str.upper)


def _all_in_capitals(rows: Sequence[Row]) -> list[Row]:
    return [in_capitals(row) for row in rows]


@dataclass(frozen=True, kw_only=True)
class Form:
    """How rows are typed; its name in English and Japanese, nothing for rows as they are."""

    name: str = ""
    ja: str = ""
    rewrite: Callable[[Sequence[Row]], list[Row]] = list


AS_THEY_ARE = Form()
IN_CAPITALS = Form(name="in capitals", ja="大文字だけ", rewrite=_all_in_capitals)
IN_CHAT = Form(name="in a chat", ja="チャットの形", rewrite=in_chat)

"""What is worth saying of a file of examples though it can be read: rows that say the same or the contrary, odd spans, unused columns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence

from engine.contract import Message
from engine.examples.problems import counted, quoted
from engine.examples.rows import AskRow, NerRow, RetrievalRow, Row, SentimentRow, SimilarRow
from engine.han import HAN, KANA

_LINES_NAMED = 5
# A letter or digit of a script that puts spaces between words.
_SPACED = re.compile(rf"[^\W_{HAN}{KANA}]")


def notes_of(
    rows: Sequence[Row], lines: Sequence[int], *, several: Collection[int], joined: Sequence[int], unused: Sequence[str]
) -> tuple[Message, ...]:
    """The notes on rows that begin at `lines`.

    At the lines in `several` an answer was taken at the first of several places; those in `joined` may be several rows.
    """
    return (*_repeated(rows, lines), *_several(several), *_joined(joined), *_cut_words(rows, lines), *_unused(unused))


def _repeated(rows: Sequence[Row], lines: Sequence[int]) -> Iterator[Message]:
    first: dict[Row, int] = {}
    of_text: dict[Hashable, list[Row]] = defaultdict(list)
    again: list[int] = []
    contrary: list[int] = []
    for row, line in zip(rows, lines, strict=True):
        if row in first:
            again.append(line)
            continue
        first[row] = line
        earlier = of_text[_asked(row)]
        if any(_answer(row) != _answer(other) for other in earlier):
            contrary.append(line)
        earlier.append(row)
    if again:
        yield Message(
            ja=f"前の行とまったく同じ行が {len(again)} 件あります（{_named(again, ja=True)}）。",
            en=f"{counted(len(again))} exactly as an earlier row: {_named(again, ja=False)}.",
        )
    if contrary:
        yield Message(
            ja=f"前の行と文が同じで正解が違う行が {len(contrary)} 件あります（{_named(contrary, ja=True)}）。",
            en=f"{counted(len(contrary))} with the text of an earlier row and another right answer: {_named(contrary, ja=False)}.",
        )


def _asked(row: Row) -> Hashable:
    """What the engine is asked about."""
    match row:
        case SentimentRow() | NerRow():
            return row.text
        case AskRow():
            return row.question, row.context
        case SimilarRow():
            return row.a, row.b
        case RetrievalRow():
            return row.en


def _answer(row: Row) -> Hashable:
    """What would be right."""
    match row:
        case SentimentRow():
            return row.label
        case NerRow():
            return frozenset(row.entities)
        case AskRow():
            return row.answers
        case SimilarRow():
            return row.gold
        case RetrievalRow():
            return None  # a sentence may have several translations


def _several(lines: Collection[int]) -> Iterator[Message]:
    if lines:
        yield Message(
            ja=f"答えが文脈の複数の場所にある行が {len(lines)} 件あります（{_named(sorted(lines), ja=True)}）。最初の場所を使います。別の場所なら start 列で指定してください。",
            en=f"{counted(len(lines))} whose answer stands in several places of the context: {_named(sorted(lines), ja=False)}. The first is taken; a column start says which.",
        )


def _joined(lines: Sequence[int]) -> Iterator[Message]:
    if lines:
        yield Message(
            ja=f"セルの中に別の行が入っているように見える行が {len(lines)} 件あります（{_named(lines, ja=True)}）。余分な引用符が行をつないでいないか確かめてください。",
            en=f"{counted(len(lines))} with a cell that seems to hold another row: {_named(lines, ja=False)}. See whether stray quotes join them.",
        )


def _cut_words(rows: Sequence[Row], lines: Sequence[int]) -> Iterator[Message]:
    """Spans that are off by one show where words have spaces between them."""
    cut = [
        line
        for row, line in zip(rows, lines, strict=True)
        if isinstance(row, NerRow) and any(_is_off(row.text, entity.start, entity.end) for entity in row.entities)
    ]
    if cut:
        yield Message(
            ja=f"固有名の端が単語の途中か空白にある行が {len(cut)} 件あります（{_named(cut, ja=True)}）。位置は 0 から数え、終わりは含みません。ずれていないか確かめてください。",
            en=f"{counted(len(cut))} with an entity that begins or ends within a word or at a space: {_named(cut, ja=False)}. See whether its places are counted from 0, without the end.",
        )


def _is_off(text: str, start: int, end: int) -> bool:
    return any(map(str.isspace, (text[start], text[end - 1]))) or any(
        0 < place < len(text) and _SPACED.match(text[place - 1]) and _SPACED.match(text[place]) for place in (start, end)
    )


def _unused(names: Sequence[str]) -> Iterator[Message]:
    if names:
        shown = [quoted(name) for name in names]
        yield Message(ja=f"使わなかった列：{'、'.join(shown)}。", en=f"columns that were not used: {', '.join(shown)}.")


def _named(lines: Sequence[int], *, ja: bool) -> str:
    shown = ", ".join(map(str, lines[:_LINES_NAMED]))
    rest = len(lines) - _LINES_NAMED
    if rest > 0:
        return f"{shown} 行目ほか" if ja else f"lines {shown} and {rest} more"
    return f"{shown} 行目" if ja else f"line {shown}" if len(lines) == 1 else f"lines {shown}"

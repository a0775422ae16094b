"""Entities in the ways in which people mark them: spans beside the text, brackets in it, and a tag a token."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from typing import Any

from engine.contract import EntityLabel
from engine.examples.labels import entity_label, knows_entity_label
from engine.examples.problems import Problem, RowProblem, quoted
from engine.examples.records import Record, Records
from engine.examples.rows import GoldEntity
from engine.han import HAN, KANA

_TAG = re.compile(r"O|[BI]-.+")
# How a mark ends, by the sign that begins it. Japanese keyboards write brackets of full width: they are a mark where the label is known.
_NO_BRACKETS = r"[^()（）\[\]［］]*"
_MARK_END = {"[": re.compile(rf"\][(（]({_NO_BRACKETS})[)）]"), "［": re.compile(rf"］[(（]({_NO_BRACKETS})[)）]")}
_ANY_MARK = re.compile(rf"(?<!\\)[\[［](?:[^\[\]［］\\]|\\.)+[\]］][(（]({_NO_BRACKETS})[)）]")
_WIDE_MARK = re.compile(rf"［(?:[^\[\]［］\\]|\\.)+］[(（]({_NO_BRACKETS})[)）]")
# Beside which no space stands: kana, Chinese characters, and the signs and letters of full width.
_JAPANESE = re.compile(f"[{HAN}{KANA}\u3000-\u303f\uff00-\uffef]")


# --- Spans ---------------------------------------------------------------------------------------------------------


def read_spans(value: object, text: str) -> tuple[GoldEntity, ...]:
    """Entities of a list of {start, end, label} or of [start, end, label]; also written as JSON in one cell of a table.

    Raises:
        RowProblem: not of this form, outside the text, or one over another.
    """
    entities = [_entity(one) for one in _listed(value)]
    for entity in entities:
        if not 0 <= entity.start < entity.end <= len(text):
            raise RowProblem(
                ja=f"固有名の位置 {entity.start}..{entity.end} が文の外です。文は {len(text)} 文字です（0 から数え、終わりは含みません）。",
                en=f"entity {entity.start}..{entity.end} is not inside the text of {len(text)} characters (from 0, end exclusive).",
            )
    _refuse_overlaps(sorted(entities, key=lambda entity: entity.start), text)
    return tuple(entities)


def _listed(value: object) -> list[Any]:
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise _not_spans(value) from error
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise _not_spans(value)
    return value


def _entity(one: object) -> GoldEntity:
    if isinstance(one, dict):
        parts = [one.get("start", one.get("start_offset")), one.get("end", one.get("end_offset")), one.get("label")]
        if "label" not in one:
            raise _not_spans(one)
    elif isinstance(one, list) and len(one) == 3:
        parts = one
    else:
        raise _not_spans(one)
    start, end, label = parts
    if type(start) is not int or type(end) is not int:
        raise _not_spans(one)
    return GoldEntity(start=start, end=end, label=None if label is None else entity_label(label))


def _refuse_overlaps(ordered: Sequence[GoldEntity], text: str) -> None:
    for first, second in itertools.pairwise(ordered):
        if second.start < first.end:
            one, other = quoted(text[first.start : first.end]), quoted(text[second.start : second.end])
            raise RowProblem(
                ja=f"固有名「{one}」（{first.start}..{first.end}）と「{other}」（{second.start}..{second.end}）が重なっています。どちらか一方にしてください。",
                en=f"entities {one!r} ({first.start}..{first.end}) and {other!r} ({second.start}..{second.end}) overlap; keep one of them.",
            )


def _not_spans(value: object) -> RowProblem:
    shown = quoted(value)
    return RowProblem(
        ja=f"固有名「{shown}」が読めません。{{start, end, label}} か [start, end, label] の並びにしてください（位置は整数）。",
        en=f"cannot read the entities {shown!r}; write a list of {{start, end, label}} or [start, end, label] with whole numbers.",
    )


# --- Brackets ------------------------------------------------------------------------------------------------------


def read_marked(marked: str) -> tuple[str, tuple[GoldEntity, ...]]:
    r"""The text and the entities of e.g. `[東京](LOC)で[田中](PER)に会った`; `\[`, `\]` and `\\` stand for the plain signs.

    Raises:
        RowProblem: a bracket that is not closed by `](LABEL)`, or one within another.
    """
    text: list[str] = []
    entities, begun, opened, at = [], "[", -1, 0
    while at < len(marked):
        sign, closing = marked[at], _MARK_END[begun].match(marked, at)
        if sign == "\\" and marked[at + 1 : at + 2] in ("[", "]", "［", "］", "\\"):
            text.append(marked[at + 1])
            at += 2
        elif opened < 0 and (sign == "[" or _begins_wide(marked, at)):
            begun, opened, at = sign, len(text), at + 1
        elif closing and 0 <= opened < len(text):
            entities.append(GoldEntity(start=opened, end=len(text), label=entity_label(closing[1])))
            begun, opened, at = "[", -1, closing.end()
        elif sign in "[]" and (sign == "[" or opened >= 0 or closing):
            raise _not_marked(marked[max(at - 10, 0) : at + 10])
        else:
            text.append(sign)
            at += 1
    if opened >= 0:
        raise _not_marked("".join(text[opened : opened + 20]))
    return "".join(text), tuple(entities)


def first_mark(text: str) -> str | None:
    """The first mark of a text, if it holds one whose label is known."""
    return next((found[0] for found in _ANY_MARK.finditer(text) if knows_entity_label(found[1])), None)


def _begins_wide(marked: str, at: int) -> bool:
    """Whether a mark in brackets of full width begins there; with another label it is a remark such as ［注］（下記）."""
    found = _WIDE_MARK.match(marked, at)
    return found is not None and knows_entity_label(found[1])


def _not_marked(near: str) -> RowProblem:
    return RowProblem(
        ja=f"「{quoted(near)}」の辺りの角かっこが読めません。[東京](LOC) のように書いてください。ただの角かっこは \\[ と書きます。",
        en=f"cannot read the brackets near {quoted(near)!r}; write [Tokyo](LOC), and \\[ for a plain bracket.",
    )


# --- Tags ----------------------------------------------------------------------------------------------------------


def read_conll(text: str) -> Records:
    """Sentences of one token and its tag (IOB2) a line, parted by an empty line; of more columns the first and the last count.

    Tokens are joined: without a space beside Japanese, by one space else.
    """
    records, sentence = Records(header=("text", "entities")), _Sentence()
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        cells = (line.split("\t") if "\t" in line else line.split()) if line.strip() else []
        tag = cells[-1].strip() if cells else ""
        if cells and (cells[0] == "-DOCSTART-" or (cells[0].startswith("#") and not _TAG.fullmatch(tag))):
            continue
        if cells:
            sentence.add(number, [cell.strip() for cell in cells])
        else:
            sentence.end(records)
            sentence = _Sentence()
    return records


class _Sentence:
    """The tokens of one sentence, joined as they come."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0  # characters of all parts
        self._line = 0
        self._spans: list[list[Any]] = []  # start, end, label
        self._open: str | None = None  # the type of the entity that the next token may continue
        self._problem: Problem | None = None

    def add(self, line: int, cells: list[str]) -> None:
        """Join one more token."""
        self._line = self._line or line
        try:
            self._join(cells)
        except RowProblem as problem:
            self._problem = self._problem or Problem(line, problem.message)

    def end(self, records: Records) -> None:
        """Give away what was joined, or what was wrong first."""
        if self._problem:
            records.problems.append(self._problem)
        elif self._parts:
            records.found.append(Record(self._line, {"text": "".join(self._parts), "entities": [list(span) for span in self._spans]}))

    def _join(self, cells: list[str]) -> None:
        token, tag = cells[0], cells[-1]
        if len(cells) < 2 or not token or not _TAG.fullmatch(tag):
            raise RowProblem(
                ja=f"「{quoted(' '.join(cells))}」が読めません。「語、タブ、タグ」の形で、タグは O・B-PER・I-PER のように書いてください。",
                en=f"cannot read {quoted(' '.join(cells))!r}; write token, tab, tag, with tags such as O, B-PER, I-PER.",
            )
        if self._parts and not (_JAPANESE.match(self._parts[-1][-1]) or _JAPANESE.match(token[0])):
            self._append(" ")
        start = self._length
        self._append(token)
        self._tag(tag, start)

    def _append(self, part: str) -> None:
        self._parts.append(part)
        self._length += len(part)

    def _tag(self, tag: str, start: int) -> None:
        position, _, kind = tag.partition("-")
        if position == "I" and kind != self._open:
            raise RowProblem(
                ja=f"{tag} の前に B-{kind} がありません。固有名の最初の語は B-{kind} としてください。",
                en=f"{tag} follows no B-{kind}; tag the first token of an entity B-{kind}.",
            )
        self._open = kind if position != "O" else None
        if position == "I":
            self._spans[-1][1] = self._length
        elif position == "B":
            label: EntityLabel | None = entity_label(kind)
            self._spans.append([start, self._length, label])

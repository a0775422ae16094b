"""From the text of a file to its records: the cells of a table or the fields of a JSON object, with the line where each begins."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.examples.columns import match_columns
from engine.examples.problems import Problem, RowProblem, quoted
from engine.examples.rows import ExampleTask

_DELIMITERS = (",", ";", "\t")
# So `yomite feedback export` writes what a spreadsheet would take for a formula.
_NO_FORMULA = re.compile(r"'+[=+\-@\t\r]")
# A line of a table in which something stands beside separators and quotes.
_FILLED = re.compile(r'[^\s,;"]')
MOST_CELL = 2**31 - 1  # characters of a cell: a file is in memory already


@dataclass(frozen=True)
class Record:
    """What stands in one row under the file's own names, and the line where the row begins, from 1."""

    line: int
    fields: dict[str, Any]


@dataclass
class Records:
    """The readable records of a file, and what is wrong with the others."""

    found: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    header: tuple[str, ...] = ()  # of a table: its columns in order
    joined: list[int] = field(default_factory=list)  # of a table: lines of rows in which a pair of quotes may have joined several

    def wrong(self, line: int, *, ja: str, en: str) -> None:
        """Note what is wrong at a line."""
        self.problems.append(Problem(line, RowProblem(ja=ja, en=en).message))

    @property
    def names(self) -> list[str]:
        """All names that occur, in the order in which they come."""
        return list(self.header or dict.fromkeys(name for record in self.found for name in record.fields))


# --- JSON ----------------------------------------------------------------------------------------------------------


def read_json_lines(text: str) -> Records:
    """One JSON object a line; empty lines are left out."""
    records = Records()
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                _no_json(records, number, error)
            else:
                _keep_object(records, number, value)
    return records


def read_json_list(text: str) -> Records:
    """A list of JSON objects over any number of lines; a file that is no list is read as one object a line."""
    if not text.lstrip().startswith("["):
        return read_json_lines(text)
    records = Records()
    try:
        for line, value in _items(text):
            _keep_object(records, line, value)
    except _NoValue as error:
        _no_json(records, error.line, error.reason)
    return records


class _NoValue(Exception):
    """A place in a JSON list where no value can be read. `line`: where that is, from 1."""

    def __init__(self, line: int, reason: Exception) -> None:
        super().__init__(str(reason))
        self.line = line
        self.reason = reason


def _no_json(records: Records, line: int, error: Exception) -> None:
    """Note why a line is no JSON; what is nested very deeply, or a number of thousands of digits, is none that can be read."""
    ja = "入れ子が深すぎます" if isinstance(error, RecursionError) else str(error)
    en = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    records.wrong(line, ja=f"JSON として読めません（{ja}）。", en=f"no JSON: {en}.")


def _items(text: str) -> Iterator[tuple[int, Any]]:
    """The values of a JSON list, and the line where each begins. Raises _NoValue."""
    decoder = json.JSONDecoder()
    at, line, counted = _skip(text, text.index("[") + 1), 1, 0
    while text[at : at + 1] != "]":
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise _NoValue(error.lineno if isinstance(error, json.JSONDecodeError) else line, error) from error
        yield line, value
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] == "]":
                raise _no_value("Expecting a value after the comma", text, at)
        elif text[at : at + 1] != "]":
            raise _no_value("Expecting ',' or ']'", text, at)
    if text[at + 1 :].strip():
        raise _no_value("Extra data", text, _skip(text, at + 1))


def _no_value(reason: str, text: str, at: int) -> _NoValue:
    error = json.JSONDecodeError(reason, text, at)
    return _NoValue(error.lineno, error)


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\r", "\n"):
        at += 1
    return at


def _keep_object(records: Records, line: int, value: object) -> None:
    if isinstance(value, dict):
        records.found.append(Record(line, value))
    else:
        records.wrong(line, ja="JSON のオブジェクト {…} が必要です。", en="a JSON object {…} is needed.")


# --- Tables --------------------------------------------------------------------------------------------------------


def read_table(text: str, task: ExampleTask, *, delimiter: str | None = None) -> Records:
    """A table whose first row that is not empty names its columns. Fields may be quoted, and hold line breaks then.

    `delimiter` None: the one of comma, semicolon and tab by which most columns of the task are found.
    """
    csv.field_size_limit(MOST_CELL)  # it is one for the whole process
    lines = enumerate(io.StringIO(text, newline=""))  # which ends lines just where the reader of tables does
    header_at, header_line = next(((at, line) for at, line in lines if _FILLED.search(line)), (0, ""))
    delimiter = delimiter or max(_DELIMITERS, key=lambda sign: _fitting(header_line, sign, task))
    records = Records()
    for line, cells in _rows(text, delimiter, records):
        if line <= header_at + 1:
            records.header = tuple(_without_empty_end([cell.strip() for cell in cells]))
        elif records.header and any(cell.strip() for cell in cells):  # without a header, its quotes are wrong, and that is told
            _keep_cells(records, line, cells, delimiter)
    records.joined = _joined(records, delimiter)
    return records


def _fitting(header: str, delimiter: str, task: ExampleTask) -> tuple[int, int]:
    names = next(csv.reader([header], delimiter=delimiter), [])
    return len(match_columns(task, names)), len(names)


def _rows(text: str, delimiter: str, records: Records) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table, and the line where each begins; what is wrong goes to `records`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            opened = "end of data" in str(error)
            ja = "閉じる引用符がありません" if opened else "セルの途中で引用符が閉じています"
            en = "the closing one is missing" if opened else "one closes before the cell's end"
            records.wrong(
                line,
                ja=f'引用符の付け方が正しくありません（{ja}）。引用符を含むセルは "…""…" のように書いてください。',
                en=f'cannot read its quotes: {en}; write a cell that holds a quote as "…""…".',
            )
        else:
            yield line, cells


def _keep_cells(records: Records, line: int, cells: list[str], delimiter: str) -> None:
    width = len(records.header)
    cells = [*cells[:width], *_without_empty_end(cells[width:])]
    if len(cells) != width:
        _wrong_width(records, line, len(cells), width)
    elif delimiter == "\t" and (cell := next((cell for cell in cells if delimiter in cell and ("\n" in cell or "\r" in cell)), None)):
        records.wrong(
            line,
            ja=f"セル「{quoted(cell)}」の中にタブと改行の両方があります。余分な引用符が次の行までつないでいないか確かめてください。文の中のタブは空白にしてください。",
            en=f"a cell holds both a tab and a line break: {quoted(cell)!r}; see whether stray quotes join several rows, and write a tab of a text as a space.",
        )
    else:
        plain = [cell[1:] if _NO_FORMULA.match(cell) else cell for cell in cells]
        records.found.append(Record(line, dict(zip(records.header, plain, strict=True))))


def _joined(records: Records, delimiter: str) -> list[int]:
    """Rows with a cell of which a line ends, or begins, with what other rows have in their last, or first, column.

    Texts often hold commas and line breaks; such a one is rather rows that a stray pair of quotes joined.
    """
    if len(records.header) < 2:
        return []
    first, last = ({record.fields[records.header[at]].strip() for record in records.found} - {""} for at in (0, -1))

    def holds_a_row(cell: str) -> bool:
        lines = cell.splitlines() if delimiter in cell else []
        ends = {line.rpartition(delimiter)[2].strip() for line in lines[:-1] if delimiter in line}
        begins = {line.partition(delimiter)[0].strip() for line in lines[1:] if delimiter in line}
        return not (ends.isdisjoint(last) and begins.isdisjoint(first))

    return [record.line for record in records.found if any(map(holds_a_row, record.fields.values()))]


def _wrong_width(records: Records, line: int, count: int, width: int) -> None:
    if count > width:
        records.wrong(
            line,
            ja=f'列が {count} 個ありますが、見出しは {width} 個です。区切り文字を含む文は「"」で囲んでください。',
            en=f'{count} columns, but the header has {width}; put a text that holds the separator into quotes ("…").',
        )
        return
    records.wrong(
        line,
        ja=f'列が {count} 個しかなく、見出しの {width} 個に足りません。足りないセルを書き足すか、改行を含む文を「"」で囲んでください。',
        en=f'only {count} column{"" if count == 1 else "s"}, but the header has {width}; add the cells that are missing, or put a text that holds a line break into quotes ("…").',
    )


def _without_empty_end(cells: list[str]) -> list[str]:
    filled = max((at + 1 for at, cell in enumerate(cells) if cell.strip()), default=0)
    return cells[:filled]

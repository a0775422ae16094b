"""Reads a file of examples: JSON, tables, or a tag a token. All that is wrong is told at once; nothing is returned half read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.contract import Message
from engine.errors import BadInputError
from engine.examples.columns import match_columns, missing_column, missing_columns, refuse_doubled
from engine.examples.decoding import read_content
from engine.examples.entities import read_conll
from engine.examples.making import Fields, Made, make, mixed_grades
from engine.examples.noticing import notes_of
from engine.examples.problems import Problem, RowProblem, bad_rows
from engine.examples.records import Records, read_json_lines, read_json_list, read_table
from engine.examples.rows import ExampleTask, Row

FORMATS = (".jsonl", ".json", ".csv", ".tsv", ".conll")
_TABLES = (".csv", ".tsv")
_SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")


@dataclass(frozen=True, kw_only=True)
class Examples:
    """The rows of a file in order, and the line where each begins, from 1. `sha256` is that of the file as it lies on the disk."""

    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    path: Path
    sha256: str
    notes: tuple[Message, ...]  # worth saying, though it stops nothing


def read_examples(path: Path, task: ExampleTask) -> Examples:
    """All rows of a .jsonl, .json, .csv, .tsv or (entities) .conll file, gzipped (.gz) or not.

    Raises:
        BadInputError: the file cannot be read (`unreadable_file`, `unreadable_encoding`, `unknown_format`), holds no rows (`no_rows`),
            lacks a column (`missing_column`) or has it twice (`doubled_column`), or holds rows that are wrong (`bad_rows`: all of them, with their lines).
    """
    kind = _format(path, task)
    content = read_content(path)
    records = _records(content.text, kind, task)
    matched = _matched(records, kind, task, path.name)
    made, lines, problems = _made(records, matched, task)
    if problems:
        raise bad_rows(path.name, problems)
    if not made:
        raise BadInputError(
            "no_rows", ja=f"{path.name} に行がありません。1 行以上必要です。", en=f"{path.name} holds no rows; it needs one or more."
        )
    rows = tuple(one.row for one in made)
    several = [line for one, line in zip(made, lines, strict=True) if one.first_of_several]
    unused = [name for name in records.names if name not in matched.values() and name]
    notes = notes_of(rows, lines, several=several, joined=records.joined, unused=unused)
    return Examples(rows=rows, lines=lines, path=path, sha256=content.sha256, notes=notes)


def _format(path: Path, task: ExampleTask) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")
    allowed = [name for name in FORMATS if name != ".conll" or task is ExampleTask.NER]
    if kind in _SPREADSHEETS:
        raise BadInputError(
            "unknown_format",
            ja=f"{path.name}：表計算ソフトのファイルのままでは読めません。CSV として保存したものを指定してください。",
            en=f"{path.name}: cannot read a spreadsheet's own file; save it as CSV and give that.",
        )
    if kind not in allowed:
        raise BadInputError(
            "unknown_format",
            ja=f"{path.name}：この形式は読めません。使える形式：{'・'.join(allowed)}（.gz も可）。",
            en=f"{path.name}: cannot read this format; give one of {', '.join(allowed)} (or .gz of it).",
        )
    return kind


def _records(text: str, kind: str, task: ExampleTask) -> Records:
    if kind in _TABLES:
        return read_table(text, task, delimiter="\t" if kind == ".tsv" else None)
    if kind == ".conll":
        return read_conll(text)
    return read_json_list(text) if kind == ".json" else read_json_lines(text)


def _matched(records: Records, kind: str, task: ExampleTask, name: str) -> dict[str, str]:
    """Our names of the file's columns.

    Raises:
        BadInputError: a column is in no row, or twice in a header.
    """
    found = records.names
    matched = match_columns(task, found)
    lacking = missing_columns(task, matched, marked_up=kind in _TABLES)
    if found and lacking:
        raise missing_column(task, name, found, lacking, of_table=kind in _TABLES)
    refuse_doubled(name, found, matched.values())
    return matched


def _made(records: Records, matched: dict[str, str], task: ExampleTask) -> tuple[list[Made], tuple[int, ...], list[Problem]]:
    made, lines, problems = [], [], list(records.problems)
    for record in records.found:
        cells = {ours: record.fields[theirs] for ours, theirs in matched.items() if theirs in record.fields}
        try:
            made.append(make(task, Fields(cells, called=matched)))
        except RowProblem as problem:
            problems.append(Problem(record.line, problem.message))
        else:
            lines.append(record.line)
    if mixed := mixed_grades([one.row for one in made], lines, matched):
        problems.append(mixed)
    return made, tuple(lines), problems

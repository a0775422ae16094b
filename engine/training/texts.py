"""Reads a team's texts: lines of .txt and .md, the text column of .csv and .tsv, the text of .jsonl; folders with all that is in them."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.catalog.described import FILE as DESCRIPTION_FILE
from engine.contract import Message, reason_of
from engine.errors import BadInputError
from engine.examples.columns import match_columns, refuse_doubled
from engine.examples.decoding import read_content
from engine.examples.making import as_text
from engine.examples.problems import Problem, RowProblem, bad_rows, quoted
from engine.examples.records import Records, read_json_lines, read_table
from engine.examples.rows import ExampleTask

FORMATS = (".txt", ".md", ".csv", ".tsv", ".jsonl")
HELD_SHARE, LEAST_HELD = 0.05, 20
# Of few lines, no more than this share is held back.
MOST_HELD_SHARE = 1 / 3
LEAST_LINES = 8


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Distinct lines in order, and the files that they come from. `sha256` is of the files' bytes, one behind the other."""

    lines: tuple[str, ...]
    files: tuple[Path, ...]
    sha256: str


def read_texts(paths: Sequence[Path], *, out: Path | None = None) -> Texts:
    """All lines of the files and folders, each once. Of folders, what is hidden, folders of models and `out` are left out.

    Raises:
        BadInputError: a file or folder cannot be read, there is none of a known kind, or there are too few lines.
    """
    files = [file for path in paths for file in _files(path, out)]
    digest = hashlib.sha256()
    lines: dict[str, None] = {}
    for file in files:
        content = read_content(file)
        digest.update(content.sha256.encode())
        lines |= dict.fromkeys(line for text in _texts(file, content.text) for line in map(str.strip, text.splitlines()) if line)
    if len(lines) < LEAST_LINES:
        raise BadInputError(
            "too_few_lines",
            ja=f"文章が {len(lines)} 行しかありません。重複を除いて {LEAST_LINES} 行以上（できれば数千行）必要です。",
            en=f"There are only {len(lines)} distinct lines; {LEAST_LINES} or more are needed, better some thousands.",
        )
    return Texts(lines=tuple(lines), files=tuple(files), sha256=digest.hexdigest())


def hold_back(lines: Sequence[str], *, seed: int) -> tuple[list[str], list[str]]:
    """(lines to learn from, lines to measure by), both in their order; the same for the same seed."""
    count = min(max(round(len(lines) * HELD_SHARE), LEAST_HELD), int(len(lines) * MOST_HELD_SHARE))
    held = set(random.Random(seed).sample(range(len(lines)), count))
    return [line for i, line in enumerate(lines) if i not in held], [line for i, line in enumerate(lines) if i in held]


def _files(path: Path, out: Path | None) -> list[Path]:
    try:
        if path.is_dir():
            found = sorted(file for file in _inside(path, out) if file.suffix.lower() in FORMATS and file.is_file())
        else:
            found = [path] if path.suffix.lower() in FORMATS or not path.exists() else []
    except OSError as error:
        raise _unreadable(Path(error.filename or path), reason_of(error)) from error
    if not found:
        raise BadInputError(
            "no_texts",
            ja=f"{path} に読める文章のファイルがありません。使える形式：{'・'.join(FORMATS)}（隠しファイルとモデルのフォルダは読みません）",
            en=f"{path} holds no text that can be read; give files of {', '.join(FORMATS)} (what is hidden and folders of models are left out).",
        )
    return found


def _inside(folder: Path, out: Path | None) -> Iterator[Path]:
    """The files in a folder and those below it, without what is hidden and what trainings wrote."""
    if _is_written_by_us(folder, out):
        return
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _inside(path, out)
        else:
            yield path


def _is_written_by_us(folder: Path, out: Path | None) -> bool:
    return (folder / DESCRIPTION_FILE).exists() or (out is not None and os.path.realpath(folder) == os.path.realpath(out))


def _unreadable(path: Path, why: Message) -> BadInputError:
    return BadInputError(
        "unreadable_text",
        ja=f"{path} を読めません（{why.ja}）。読めるファイルかフォルダを --text で指定してください。",
        en=f"{path} cannot be read ({why.en}). Name files or folders that can be with --text.",
    )


def _texts(file: Path, content: str) -> Iterator[str]:
    kind = file.suffix.lower()
    if kind in (".txt", ".md"):
        yield content
        return
    delimiter = "\t" if kind == ".tsv" else None
    records = read_json_lines(content) if kind == ".jsonl" else read_table(content, ExampleTask.SENTIMENT, delimiter=delimiter)
    name = _text_column(file, records)
    texts, problems = [], list(records.problems)
    for record in records.found:
        try:
            texts += [as_text(record.fields[name], quoted(name))] if record.fields.get(name) is not None else []
        except RowProblem as problem:
            problems.append(Problem(record.line, problem.message))
    if problems:
        raise bad_rows(file.name, problems)
    yield from texts


def _text_column(file: Path, records: Records) -> str:
    """The name of the column with texts; the only one, where there is one.

    Raises:
        BadInputError: `bad_rows`, `no_text_column`, `doubled_column`.
    """
    if not records.found and records.problems:
        raise bad_rows(file.name, records.problems)
    found = match_columns(ExampleTask.SENTIMENT, records.names).get("text")
    if found is None and len(records.names) == 1:
        return records.names[0]
    if found is None:
        raise BadInputError(
            "no_text_column",
            ja=f"{file.name} に列「text」がありません。ある列：{', '.join(records.names) or '–'}",
            en=f"{file.name} has no column text; found: {', '.join(records.names) or '–'}.",
        )
    refuse_doubled(file.name, records.names, [found])
    return found

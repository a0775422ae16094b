"""Writes examples as files: JSON lines or CSV to train on, and a CSV to fill in with a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Hashable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bot.errors import InputError
from bot.feedback.examples import Row
from engine.contract import Task, reason_of

SUFFIXES = (".jsonl", ".csv")
TO_FILL_IN = "?"  # no reader of examples takes it for a label: what nobody filled in is not learnt
BOM = "\ufeff"  # by it spreadsheets know UTF-8
_MOST_CELL = 2**31 - 1  # characters of a cell that is read: a file is in memory already
# What begins with one of these is a formula to a spreadsheet, whoever wrote it in the chat. The reader of tables takes the ' away again.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")

COLUMNS: dict[Task, tuple[str, ...]] = {
    Task.SENTIMENT: ("text", "label", "lang"),
    Task.NER: ("text", "lang"),
    Task.ASK: ("question", "context", "answer", "start", "lang"),
    Task.SIMILAR: ("a", "b", "score", "lang"),
}


def check_suffix(path: Path) -> None:
    """Raises InputError for a file that is neither JSON lines nor CSV."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            ja=f"{path} には書き出せません。ファイル名の終わりを .jsonl か .csv にしてください。",
            en=f"Examples cannot be written to {path}. Let the name end in .jsonl or .csv.",
        )


def to_label_path(out: Path) -> Path:
    """Where the rows go that somebody must label: FILE.to-label.csv beside FILE.jsonl."""
    return out.with_name(f"{out.stem}.to-label.csv")


def refuse_loss(path: Path, task: Task, rows: Sequence[Row]) -> None:
    """Raises InputError where a file is there that holds what `rows` lack: rows that somebody put under it or corrected."""
    there = _bytes_of(path)
    if there is None:
        return
    kept = set(_rows_of(path, task, _text_of(path, task, rows)))
    lost = sum(row not in kept for row in _rows_of(path, task, there.decode("utf-8", errors="replace")))
    if lost:
        raise InputError(
            ja=f"{path} には今回の書き出しにない行が {lost} 行あり、失わないよう上書きしません。名前を変えるか、--out で別の名前を指定してください。",
            en=f"{path} holds {lost} row{'' if lost == 1 else 's'} that this export lacks and is not overwritten, so that nothing is lost; rename it, or name another with --out.",
        )


def write_examples(path: Path, task: Task, rows: Sequence[Row]) -> None:
    """Write the file as a whole, in place of one that is there.

    Raises:
        InputError: it cannot be written.
    """
    _write(path, _text_of(path, task, rows))


def write_to_label(path: Path, task: Task, rows: Sequence[Row]) -> None:
    """Write the rows with a ? wherever somebody must say what is right; what the model said stands in a column of its own, the last.

    Raises:
        InputError: it cannot be written, or another one is there: somebody may have filled it in.
    """
    text = _csv((*COLUMNS[task], "model_said"), [_open_cells(task, row) for row in rows])
    if _holds_other(path, text):
        raise InputError(
            ja=f"{path} がすでにあります。書き込んだ答えを失わないよう、上書きしません。名前を変えるか、別の場所に移してからもう一度お試しください。",
            en=f"{path} is there already and is not overwritten, so that no answers in it are lost. Rename or move it, and try again.",
        )
    _write(path, text)


def marked_up(text: str, entities: Sequence[Row], *, doubtful: bool = False) -> str:
    """The text with its entities marked: [京都](LOC); `doubtful` ones have a ? behind their label."""
    parts, position = [], 0
    for entity in entities:
        parts.append(_escaped(text[position : entity["start"]]))
        label = entity["label"] + (TO_FILL_IN if doubtful else "")
        parts.append(f"[{_escaped(text[entity['start'] : entity['end']])}]({label})")
        position = entity["end"]
    return "".join([*parts, _escaped(text[position:])])


def _text_of(path: Path, task: Task, rows: Sequence[Row]) -> str:
    """The file as it will be."""
    if _is_table(path):
        return _csv(COLUMNS[task], [_cells(task, row) for row in rows])
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _rows_of(path: Path, task: Task, text: str) -> list[Hashable]:
    """What stands in each row: its line, or the filled cells of a table by their columns, in whatever order; a foreign header counts as a row."""
    text = text.removeprefix(BOM)
    if not _is_table(path):
        return [line.strip() for line in text.split("\n") if line.strip()]
    csv.field_size_limit(_MOST_CELL)
    table = [cells for cells in csv.reader(io.StringIO(text, newline=None)) if any(cells)]
    header = table[0] if table else []
    rows = table[1:] if set(COLUMNS[task]) <= set(header) else table
    return [frozenset((name, cell) for name, cell in zip_longest(header, cells, fillvalue="") if cell) for cells in rows]


def _is_table(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _cells(task: Task, row: Row) -> Row:
    """A row as a table has it."""
    if task is Task.NER:
        return {"text": marked_up(row["text"], row["entities"]), "lang": row["lang"]}
    if task is Task.ASK:
        right = row["answers"][0] if row["answers"] else {"text": "", "start": ""}
        return {**row, "answer": right["text"], "start": right["start"]}
    return row


def _open_cells(task: Task, row: Row) -> Row:
    cells = _cells(task, row)
    if task is Task.NER:
        said = ", ".join(f"{row['text'][entity['start'] : entity['end']]} {entity['label']}" for entity in row["entities"])
        open_text = marked_up(row["text"], row["entities"], doubtful=True) if row["entities"] else f"[?](?){_escaped(row['text'])}"
        return {**cells, "text": open_text, "model_said": said}
    name = {Task.SENTIMENT: "label", Task.ASK: "answer", Task.SIMILAR: "score"}[task]
    return {**cells, "start": "", name: TO_FILL_IN, "model_said": cells[name]}


def _escaped(text: str) -> str:
    return re.sub(r"[\\\[\]［］]", r"\\\g<0>", text)


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _no_formula(cell) for name, cell in row.items()} for row in rows)
    return BOM + written.getvalue()


def _no_formula(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def _holds_other(path: Path, text: str) -> bool:
    there = _bytes_of(path)
    return there is not None and there != text.encode()


def _bytes_of(path: Path) -> bytes | None:
    """What is in the file; None where there is none.

    Raises:
        InputError: it cannot be read, so that nobody knows what would be lost.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unwritable(path, error) from error


def _write(path: Path, text: str) -> None:
    """All of it or nothing; readable by its owner only, as it holds people's texts."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.touch(mode=0o600)
        aside.write_text(text, encoding="utf-8", newline="")
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InputError:
    why = reason_of(error)
    return InputError(
        ja=f"{path} に書き込めません（{why.ja}）。ほかの場所を --out で指定してください。",
        en=f"{path} cannot be written ({why.en}). Name another place with --out.",
    )

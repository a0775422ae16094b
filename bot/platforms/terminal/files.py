"""Reads what people name at the terminal: files, standard input, a column of a CSV file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from bot.attachments import CSV_SUFFIXES, DEFAULT_COLUMN, TextRead, column_index, decode, no_rows, read_document, table_rows
from bot.errors import InputError
from engine.contract import Message, reason_of


@dataclass(frozen=True, kw_only=True)
class ColumnRead:
    """The cells of one CSV column, top to bottom."""

    column: str
    texts: tuple[str, ...]
    notes: tuple[Message, ...] = ()


def read_text(path: Path) -> TextRead:
    """Read the text of a file: a text, a PDF.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    return read_document(str(path), _bytes_of(path))


def read_stdin() -> TextRead:
    """Read standard input to its end.

    Raises:
        InputError: it is no text.
    """
    read = decode(sys.stdin.buffer.read(), name="stdin")
    # The shell ends what it pipes with a line break that nobody typed.
    return TextRead(text=read.text.removesuffix("\n").removesuffix("\r"), notes=read.notes)


def is_table(path: Path) -> bool:
    """Whether a file is a table by its name: .csv or .tsv."""
    return path.suffix.lower() in CSV_SUFFIXES


def read_column(path: Path, column: str | None) -> ColumnRead:
    """Read one column of a CSV or TSV file with a header row; without a name, `text` or the only one there is.

    Raises:
        InputError: no such file or column, no rows, or no table.
    """
    read = decode(_bytes_of(path), name=str(path))
    rows = table_rows(read.text, name=str(path), delimiter=CSV_SUFFIXES[path.suffix.lower()])
    header = [name.strip() for name in rows[0]] if rows else []
    index = column_index(header, column)
    if index is None:
        raise _no_column(path, column or DEFAULT_COLUMN, header)
    texts = tuple(row[index] if index < len(row) else "" for row in rows[1:] if row)
    if not texts:
        raise no_rows(str(path))
    return ColumnRead(column=header[index], texts=texts, notes=read.notes)


def _no_column(path: Path, wanted: str, header: list[str]) -> InputError:
    listed = ", ".join(header) or "-"
    return InputError(
        ja=f"{path} に列「{wanted}」がありません。ある列：{listed}。--column で選んでください。",
        en=f"{path} has no column {wanted!r}. There are: {listed}. Choose one with --column.",
    )


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(ja=f"ファイル {path} がありません。", en=f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise InputError(ja=f"{path} はフォルダです。ファイルを指定してください。", en=f"{path} is a folder. Name a file.") from error
    except OSError as error:
        why = reason_of(error)
        raise InputError(ja=f"ファイル {path} を開けません（{why.ja}）。", en=f"The file {path} cannot be opened ({why.en}).") from error

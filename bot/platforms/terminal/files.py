"""Reads what people hand over as files or on standard input: text in their encoding, CSV by its columns."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import dataclass
from pathlib import Path

from bot.errors import InputError
from engine.contract import Message

CSV_SUFFIXES = {".csv": ",", ".tsv": "\t"}
DEFAULT_COLUMN = "text"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True)
class TextRead:
    """A text, and what its reader should know (an encoding that had to be guessed)."""

    text: str
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ColumnRead:
    """The cells of one CSV column, top to bottom."""

    column: str
    texts: tuple[str, ...]
    notes: tuple[Message, ...] = ()


def read_text(path: Path) -> TextRead:
    """Read a text file.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    return decode(_bytes_of(path), name=str(path))


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
    read = read_text(path)
    csv.field_size_limit(2**31 - 1)
    try:
        rows = list(csv.reader(io.StringIO(read.text, newline=""), delimiter=CSV_SUFFIXES[path.suffix.lower()], strict=True))
    except csv.Error as error:
        raise InputError(ja=f"{path} を CSV として読めません（{error}）。", en=f"{path} cannot be read as CSV ({error}).") from error
    header = [name.strip() for name in rows[0]] if rows else []
    index = _column_index(header, column, path)
    texts = tuple(row[index] if index < len(row) else "" for row in rows[1:] if row)
    if not texts:
        raise InputError(ja=f"{path} には見出しのほかに行がありません。", en=f"{path} has no rows below its header.")
    return ColumnRead(column=header[index], texts=texts, notes=read.notes)


def decode(data: bytes, *, name: str) -> TextRead:
    """UTF-8 (with or without a byte order mark), UTF-16 with one, else Windows' Shift_JIS, which is said in a note.

    Raises:
        InputError: none of these.
    """
    if data.startswith(_UTF_16_MARKS):
        return TextRead(text=_try(data, "utf-16", name))
    if b"\x00" in data:
        raise _no_text(name)
    try:
        return TextRead(text=data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        note = Message(
            ja=f"{name} は UTF-8 ではないので Shift_JIS（CP932）として読みました。",
            en=f"{name} is not UTF-8; it was read as Shift_JIS (CP932).",
        )
        return TextRead(text=_try(data, "cp932", name), notes=(note,))


def _try(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_text(name) from error


def _no_text(name: str) -> InputError:
    return InputError(
        ja=f"{name} は読める文章ではありません。UTF-8 か Shift_JIS のテキストにしてください。",
        en=f"{name} is not a text that can be read. Save it as UTF-8 or Shift_JIS text.",
    )


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(ja=f"ファイル {path} がありません。", en=f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise InputError(ja=f"{path} はフォルダです。ファイルを指定してください。", en=f"{path} is a folder. Name a file.") from error
    except OSError as error:
        raise InputError(
            ja=f"ファイル {path} を開けません（{error.strerror}）。", en=f"The file {path} cannot be opened ({error.strerror})."
        ) from error


def _column_index(header: list[str], column: str | None, path: Path) -> int:
    wanted = column or DEFAULT_COLUMN
    lowered = [name.lower() for name in header]
    if wanted.lower() in lowered:
        return lowered.index(wanted.lower())
    if column is None and len(header) == 1:
        return 0
    listed = ", ".join(header) or "-"
    raise InputError(
        ja=f"{path} に列「{wanted}」がありません。ある列：{listed}。--column で選んでください。",
        en=f"{path} has no column {wanted!r}. There are: {listed}. Choose one with --column.",
    )

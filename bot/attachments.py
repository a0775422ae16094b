"""Reads the files that people hand over, in chat and at the terminal: text in its encoding, tables by their column, PDFs."""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from bot.errors import InputError
from bot.language import counted
from bot.pdf import PdfText, read_pdf
from engine.contract import Message

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from bot.platforms.platform import IncomingFile

MOST_BYTES = 10 * 2**20  # what Discord takes too
MOST_FILES = 10  # of one message; Slack and Discord let people attach as many
MOST_BYTES_TOGETHER = 2 * MOST_BYTES
MOST_CHARACTERS = 2_000_000  # whatever the settings allow one command to bring: a small PDF can hold a lot
CSV_SUFFIXES = {".csv": ",", ".tsv": "\t"}
DEFAULT_COLUMN = "text"
MOST_PDF_READERS = 2  # processes at a time, of up to 1 GiB each; other PDFs wait
READABLE = Message(
    ja="読めるもの：テキスト（.txt、.md など）、.csv、.tsv、.pdf", en="What can be read: text (.txt, .md and the like), .csv, .tsv, .pdf"
)
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# What older Japanese mail and Unix files are written in, as people know it.
_ENCODINGS = {
    "cp932": Message(ja="Shift_JIS（CP932）", en="Shift_JIS (CP932)"),
    "euc_jp": Message(ja="EUC-JP", en="EUC-JP"),
    "iso2022_jp_ext": Message(ja="ISO-2022-JP", en="ISO-2022-JP"),
}
_ISO_2022_JP_MARKS = (b"\x1b$B", b"\x1b$@", b"\x1b$(D")  # switch to kanji; colours of logs begin otherwise
_KANA, _HALF_WIDTH = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]"), re.compile(r"[\uff61-\uff9f]")
_LEAST_KANA, _LEAST_HALF_WIDTH = 0.1, 0.5  # shares
# Control characters that texts hardly have; escape is left out: it colours logs.
_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\v\f\r\x1b"})
_MOST_CONTROLS = 0.05  # share of bytes

_PICTURE = Message(ja="画像", en="a picture")
_OFFICE = Message(ja="Office などの文書（PDF で保存すると読めます）", en="an office document (it can be read when saved as a PDF)")
_ARCHIVE = Message(ja="圧縮ファイル（中のファイルを送ってください）", en="an archive (send the files in it)")
_MEDIA = Message(ja="音声か動画", en="sound or video")
_KINDS = {
    _PICTURE: (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".avif"),
    _OFFICE: (".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".odp", ".rtf", ".pages", ".numbers", ".key", ".epub"),
    _ARCHIVE: (".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".lzh"),
    _MEDIA: (".mp3", ".wav", ".m4a", ".ogg", ".flac", ".mp4", ".mov", ".avi", ".mkv", ".webm"),
}
_BY_SUFFIX = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes}
_BY_MARK = {
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"\xd0\xcf\x11\xe0": _OFFICE,
    b"PK\x03\x04": _ARCHIVE,
    b"\x1f\x8b": _ARCHIVE,
    b"7z\xbc\xaf": _ARCHIVE,
    b"Rar!": _ARCHIVE,
    b"ID3": _MEDIA,
    b"RIFF": _MEDIA,
}


@dataclass(frozen=True, kw_only=True)
class TextRead:
    """A text, and what its reader should know (an encoding that had to be guessed)."""

    text: str
    notes: tuple[Message, ...] = ()


def check_size(name: str, size: int) -> None:
    """Whether a file of `size` bytes may be read at all; asked before it is fetched.

    Raises:
        InputError: it is too large.
    """
    if size > MOST_BYTES:
        raise InputError(
            ja=f"{name} は大きすぎます（{size / 2**20:.1f} MiB）。{MOST_BYTES >> 20} MiB まで読めます。必要な部分だけを送ってください。",
            en=f"{name} is too large ({size / 2**20:.1f} MiB). Up to {MOST_BYTES >> 20} MiB can be read. Send only the part that matters.",
        )


async def read_files(files: Sequence[IncomingFile]) -> TextRead:
    """The texts of the files that came with a message, one after the other; each is fetched only where it may be read.

    Raises:
        InputError: one of them cannot be read.
    """
    if len(files) > MOST_FILES:
        raise InputError(
            ja=f"ファイルが {len(files)} 個あります。一度に読めるのは {MOST_FILES} 個までです。分けて送ってください。",
            en=f"There are {len(files)} files; up to {MOST_FILES} can be read at once. Send them in parts.",
        )
    for file in files:
        check_size(file.name, file.size)
    _check_together(sum(file.size for file in files))
    # Imported here because the terminal, which reads files by itself, needs no event loop.
    import asyncio

    reads, size = [], 0
    for file in files:
        data = await file.read()
        size += len(data)
        _check_together(size)  # what a platform says of sizes need not be so
        # Those that need a process wait for their turn by themselves, so that they keep no thread from what others ask.
        executor = _pdf_readers() if is_pdf(file.name, data) else None
        reads.append(await asyncio.get_running_loop().run_in_executor(executor, read_attachment, file.name, data))
    return TextRead(text="\n".join(read.text for read in reads), notes=tuple(note for read in reads for note in read.notes))


@functools.cache
def _pdf_readers() -> ThreadPoolExecutor:
    """The threads that wait for processes which read PDFs: the same ones, whoever asks."""
    from concurrent.futures import ThreadPoolExecutor  # imported here because the terminal needs none

    return ThreadPoolExecutor(MOST_PDF_READERS, thread_name_prefix="pdf")


def _check_together(size: int) -> None:
    if size > MOST_BYTES_TOGETHER:
        most = MOST_BYTES_TOGETHER >> 20
        raise InputError(
            ja=f"ファイルを合わせると大きすぎます（{size / 2**20:.1f} MiB）。合わせて {most} MiB まで読めます。分けて送ってください。",
            en=f"Together the files are too large ({size / 2**20:.1f} MiB). Up to {most} MiB can be read at once. Send them in parts.",
        )


def read_attachment(name: str, data: bytes, *, most_characters: int = MOST_CHARACTERS) -> TextRead:
    """The text of a file that came with a chat message. May take many seconds: not for an event loop.

    Raises:
        InputError: too large, empty, or nothing that can be read.
    """
    check_size(name, len(data))
    read = read_document(name, data)
    if not read.text.strip():
        raise InputError(ja=f"{name} は空です。文章のあるファイルを送ってください。", en=f"{name} is empty. Send a file with text in it.")
    if len(read.text) > most_characters:
        raise InputError(
            ja=f"{name} は長すぎます（{len(read.text):,} 文字）。{most_characters:,} 文字まで読めます。必要な部分だけを送ってください。",
            en=f"{name} is too long ({len(read.text):,} characters). Up to {most_characters:,} can be read. Send only the part that matters.",
        )
    return read


def read_document(name: str, data: bytes) -> TextRead:
    """The text of a file of any size. Its bytes count more than its name; a table gives the cells of a column, one a line.

    Raises:
        InputError: nothing that can be read.
    """
    suffix = PurePath(name).suffix.lower()
    if is_pdf(name, data):
        found = read_pdf(data, name=name)
        return TextRead(text=found.text, notes=_pages_left_out(name, found))
    if suffix in _BY_SUFFIX:
        raise _wrong_kind(name, _BY_SUFFIX[suffix])
    try:
        read = decode(data, name=name)
    except InputError as error:
        kinds = [kind for mark, kind in _BY_MARK.items() if data.startswith(mark)]
        raise (_wrong_kind(name, kinds[0]) if kinds else error) from error
    return _read_cells(name, read, CSV_SUFFIXES[suffix]) if suffix in CSV_SUFFIXES else read


def is_pdf(name: str, data: bytes) -> bool:
    """Whether a file is read as a PDF: by its first bytes, or by its name."""
    return data.startswith(b"%PDF-") or PurePath(name).suffix.lower() == ".pdf"


def decode(data: bytes, *, name: str) -> TextRead:
    """UTF-8 (with or without a byte order mark), UTF-16 with one, else what Japanese files were written in before: said in a note.

    Raises:
        InputError: none of these.
    """
    if data.startswith(_UTF_16_MARKS):
        return TextRead(text=_try(data, "utf-16", name))
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if b"\x00" in data or controls > _MOST_CONTROLS * len(data):
        raise _no_text(name)
    if data.isascii() and any(mark in data for mark in _ISO_2022_JP_MARKS):
        return _read_as("iso2022_jp_ext", data, name)
    try:
        return TextRead(text=data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _read_as("euc_jp" if _is_euc(data) else "cp932", data, name)


def table_rows(text: str, *, name: str, delimiter: str) -> list[list[str]]:
    """The rows of a CSV or TSV, the header first.

    Raises:
        InputError: it is not written as a table.
    """
    csv.field_size_limit(2**31 - 1)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(ja=f"{name} を CSV として読めません（{error}）。", en=f"{name} cannot be read as CSV ({error}).") from error


def column_index(header: Sequence[str], column: str | None) -> int | None:
    """Where a column stands; without a name, `text` or the only one there is. None where there is no such column."""
    lowered = [name.strip().lower() for name in header]
    wanted = (column or DEFAULT_COLUMN).lower()
    if wanted in lowered:
        return lowered.index(wanted)
    return 0 if column is None and len(header) == 1 else None


def no_rows(name: str) -> InputError:
    """The error for a table of nothing but its header."""
    return InputError(ja=f"{name} には見出しのほかに行がありません。", en=f"{name} has no rows below its header.")


def _read_cells(name: str, read: TextRead, delimiter: str) -> TextRead:
    """The cells of a table's column of texts as lines, with a note which; all of the file where there is no such column."""
    try:
        rows = [row for row in table_rows(read.text, name=name, delimiter=delimiter) if row]
    except InputError as error:
        return _as_it_is(name, read, because=error.message)
    header = [title.strip() for title in rows[0]] if rows else []
    index = column_index(header, None)
    if index is None or (len(header) == 1 and any(len(row) > 1 for row in rows)):
        listed = ", ".join(header) or "-"
        missing = Message(
            ja=f"列「{DEFAULT_COLUMN}」がありません（見出し：{listed}）。",
            en=f"There is no column {DEFAULT_COLUMN!r} (the header is: {listed}).",
        )
        return _as_it_is(name, read, because=missing)
    cells = [" ".join(row[index].split()) for row in rows[1:] if index < len(row)]
    lines = [cell for cell in cells if cell]
    if not lines:
        raise no_rows(name)
    note = Message(
        ja=f"{name}：1 行目を見出しとして、列「{header[index]}」の {len(lines)} 行を読みました。",
        en=f"{name}: took the first line as the header and read {counted(len(lines), 'row')} of the column {header[index]!r}.",
    )
    return TextRead(text="\n".join(lines), notes=(*read.notes, note))


def _as_it_is(name: str, read: TextRead, *, because: Message) -> TextRead:
    note = Message(ja=f"{because.ja}{name} 全体をひとつの文章として読みました。", en=f"{because.en} All of {name} was read as one text.")
    return TextRead(text=read.text, notes=(*read.notes, note))


def _pages_left_out(name: str, found: PdfText) -> tuple[Message, ...]:
    if not found.empty_pages:
        return ()
    listed = ", ".join(map(str, found.empty_pages[:10])) + (", …" if len(found.empty_pages) > 10 else "")
    note = Message(
        ja=f"{name}：{found.pages} ページのうち {len(found.empty_pages)} ページには文字がなく、読んでいません（{listed}）。",
        en=f"{name}: no text was found on {len(found.empty_pages)} of {found.pages} pages ({listed}).",
    )
    return (note,)


def _wrong_kind(name: str, kind: Message) -> InputError:
    return InputError(ja=f"{name} は読めません：{kind.ja}です。{READABLE.ja}", en=f"{name} cannot be read: it is {kind.en}. {READABLE.en}")


def _read_as(encoding: str, data: bytes, name: str) -> TextRead:
    said = _ENCODINGS[encoding]
    note = Message(ja=f"{name} は UTF-8 ではないので {said.ja} として読みました。", en=f"{name} is not UTF-8; it was read as {said.en}.")
    return TextRead(text=_try(data, encoding, name), notes=(note,))


def _is_euc(data: bytes) -> bool:
    """Whether the bytes are text in EUC-JP: as such they have kana as every Japanese text, as Shift_JIS mostly half-width ones."""
    euc, shift_jis = (data.decode(encoding, "replace") for encoding in ("euc_jp", "cp932"))
    return "\ufffd" not in euc and _share(_KANA, euc) > _LEAST_KANA and _share(_HALF_WIDTH, shift_jis) > _LEAST_HALF_WIDTH


def _share(kind: re.Pattern[str], text: str) -> float:
    """How much of what is not ASCII is of a kind (0..1)."""
    return len(kind.findall(text)) / max(1, sum(not character.isascii() for character in text))


def _try(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_text(name) from error


def _no_text(name: str) -> InputError:
    return InputError(
        ja=f"{name} は読める文章ではありません。UTF-8 か Shift_JIS のテキストにしてください。{READABLE.ja}",
        en=f"{name} is not a text that can be read. Save it as UTF-8 or Shift_JIS text. {READABLE.en}",
    )

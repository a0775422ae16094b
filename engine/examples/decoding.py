"""From the bytes of a file to its text. The encoding is decided strictly: what does not fit in full is refused, never half read."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from engine.contract import Message, reason_of
from engine.errors import BadInputError

_GZIP_MAGIC = b"\x1f\x8b"
# Bytes that a packed file may become. Texts shrink to a tenth or so; a file that swells further than this was made to fill the memory.
MOST_UNPACKED = 2**31
_SWELLS_AT_MOST = 100  # times
_ALWAYS_ALLOWED = 2**24
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# What a Japanese text written by Excel holds, and what bytes of other encodings turn into when they are read as cp932.
_JAPANESE = re.compile(r"[\u3001\u3002\u3040-\u30ff]")
_HALF_WIDTH = re.compile(r"[\uff61-\uff9f]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_PRIVATE = re.compile(r"[\ue000-\uf8ff]")


@dataclass(frozen=True)
class Content:
    """A file's text, and the SHA-256 of its bytes as they lie on the disk."""

    text: str
    sha256: str


def read_content(path: Path) -> Content:
    """Read and decode a file, gzipped or not.

    Raises:
        BadInputError: it cannot be read or swells too far (`unreadable_file`), or its encoding is none of those known (`unreadable_encoding`).
    """
    raw = _bytes(path)
    return Content(text=_text(_unpacked(raw, path), path.name), sha256=hashlib.sha256(raw).hexdigest())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, reason_of(error)) from error


def _unpacked(raw: bytes, path: Path) -> bytes:
    if not raw.startswith(_GZIP_MAGIC):
        return raw
    most = min(MOST_UNPACKED, max(_ALWAYS_ALLOWED, _SWELLS_AT_MOST * len(raw)))
    try:
        unpacked = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, Message(ja="gzip のファイルとして壊れています", en=str(error))) from error
    if len(unpacked) > most:
        raise _swollen(path, most)
    return unpacked


def _text(raw: bytes, name: str) -> str:
    try:
        if raw.startswith(_UTF16_MARKS):
            return raw.decode("utf-16")
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _japanese_windows_text(raw, name, error)
    if "\0" in text:  # UTF-16 without its mark
        raise _unclear(name, text.count("\n", 0, text.index("\0")) + 1)
    return text


def _japanese_windows_text(raw: bytes, name: str, error: UnicodeDecodeError) -> str:
    """The text of a file that Excel saved in Japan. `error` says where it is no UTF-8."""
    line = error.object.count(b"\n", 0, error.start) + 1
    if raw.startswith((*_UTF16_MARKS, codecs.BOM_UTF8)):
        raise _unclear(name, line) from error
    try:
        text = raw.decode("cp932")
    except UnicodeDecodeError as other:
        raise _unclear(name, line) from other
    odd = len(_HALF_WIDTH.findall(text))
    if "\0" in text or not _JAPANESE.search(text) or _PRIVATE.search(text) or odd * 3 > len(_NOT_ASCII.findall(text)):
        raise _unclear(name, line)
    return text


def _unreadable(path: Path, why: Message) -> BadInputError:
    return BadInputError(
        "unreadable_file",
        ja=f"{path} を読めません（{why.ja}）。読み取れるファイルを指定してください。",
        en=f"cannot read {path}: {why.en}; give a file that can be read.",
    )


def _swollen(path: Path, most: int) -> BadInputError:
    return BadInputError(
        "unreadable_file",
        ja=f"{path} は、展開すると {most >> 20} MiB を超えるため読みません。中身を確かめ、展開したファイルか、分けたものを指定してください。",
        en=f"cannot read {path}: unpacked it is larger than {most >> 20} MiB; look at what is in it, and give it unpacked or in parts.",
    )


def _unclear(name: str, line: int) -> BadInputError:
    return BadInputError(
        "unreadable_encoding",
        ja=f"{name}：{line} 行目の文字コードを判別できません。UTF-8 で保存してください（Excel では「CSV UTF-8」）。",
        en=f"{name}: the encoding at line {line} is unclear; save the file as UTF-8 (in Excel: CSV UTF-8).",
    )

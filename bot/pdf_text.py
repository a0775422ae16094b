"""The process that opens a PDF: bytes on stdin, one JSON object on stdout, and nothing else. See `bot.pdf`, which starts it."""

from __future__ import annotations

import codecs
import importlib
import io
import json
import logging
import pkgutil
import sys

import pypdf
from pypdf import PdfReader
from pypdf.errors import DependencyError, LimitReachedError

from bot.sealing import limit, seal

MOST_MEMORY_BYTES = 2**30
# In which PDFs write their texts and names.
ENCODINGS = (
    *("ascii", "latin-1", "cp1252", "utf-8", "utf-16", "utf-16-be", "utf-16-le", "utf-32-be", "charmap", "mac_roman", "unicode_escape"),
    *("cp932", "shift_jis", "euc_jp", "iso2022_jp", "gbk", "gb2312", "gb18030", "big5", "big5hkscs", "cp950", "cp949", "euc_kr", "johab"),
)


def main() -> None:
    """Print `{"pages": [text, …]}`, or `{"error": code, "pages": how many}`. The one argument is the most pages to read."""
    _prepare()
    # A few bytes of a PDF can stand for gigabytes.
    limit(memory_bytes=MOST_MEMORY_BYTES)
    seal()
    logging.disable(logging.CRITICAL)  # pypdf tells of each flaw of a file that it reads all the same
    json.dump(read(sys.stdin.buffer.read(), most_pages=int(sys.argv[1])), sys.stdout)


def read(data: bytes, *, most_pages: int) -> dict[str, object]:
    """What `main` prints."""
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not _opened(reader):
            return {"error": "encrypted"}
        if len(reader.pages) > most_pages:
            return {"error": "too_many_pages", "pages": len(reader.pages)}
        return {"pages": [page.extract_text() for page in reader.pages]}
    except (MemoryError, LimitReachedError):
        return {"error": "too_slow"}
    except Exception:  # noqa: BLE001  # a damaged file makes pypdf stumble in any of its parts
        return {"error": "broken"}


def _opened(reader: PdfReader) -> bool:
    """Many protected files may be read by everybody: their password is empty."""
    try:
        return bool(reader.decrypt(""))
    except DependencyError:  # ciphers that pypdf has not itself
        return False


def _prepare() -> None:
    """Load what reading a PDF needs and would look for later, when no file can be opened any more."""
    for module in pkgutil.iter_modules(pypdf.__path__, "pypdf."):
        importlib.import_module(module.name)
    for name in ENCODINGS:
        codecs.lookup(name)


if __name__ == "__main__":
    main()

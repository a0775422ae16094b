"""The process that opens a PDF: bytes on stdin, one JSON object on stdout. See `bot.pdf`, which starts it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys

from pypdf import PdfReader
from pypdf.errors import DependencyError, LimitReachedError

MOST_MEMORY_BYTES = 2**30


def main() -> None:
    """Print `{"pages": [text, …]}`, or `{"error": code, "pages": how many}`. The one argument is the most pages to read."""
    _limit_memory()
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


def _limit_memory() -> None:
    # A few bytes of a PDF can stand for gigabytes. Not every system has such limits.
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))


if __name__ == "__main__":
    main()

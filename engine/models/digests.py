"""The sha256 of files: each is read once as long as its size and its time of writing stay the same."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine.whole_file import write_whole


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A file when it was read; its time of writing in nanoseconds since 1970."""

    size: int
    written_ns: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """What one folder's files were when all of them were last found right; `checked_s` in seconds since 1970."""

    checked_s: float = 0.0
    files: dict[str, Seen] = field(default_factory=dict)


class Digests:
    """Remembers what it has read; not thread-safe."""

    def __init__(self) -> None:
        self._seen: dict[Path, Seen] = {}

    def sha256(self, path: Path) -> str:
        """The file's digest, in hexadecimal.

        Raises:
            OSError: it cannot be read.
        """
        return self.seen(path).sha256

    def seen(self, path: Path) -> Seen:
        """The file as it is now.

        Raises:
            OSError: it cannot be read.
        """
        found, known = path.stat(), self._seen.get(path)
        if known is None or (known.size, known.written_ns) != (found.st_size, found.st_mtime_ns):
            known = Seen(size=found.st_size, written_ns=found.st_mtime_ns, sha256=read_sha256(path))
            self._seen[path] = known
        return known

    def remember(self, folder: Path, note: Note) -> None:
        """Believe what was noted of a folder's files where they have not been written since."""
        self._seen.update({folder / name: seen for name, seen in note.files.items()})


def read_sha256(path: Path) -> str:
    """Read the whole file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_note(path: Path) -> Note:
    """What was noted; nothing where there is no note, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Note)
    except (OSError, msgspec.DecodeError):
        return Note()


def write_note(path: Path, note: Note) -> None:
    """Note it; in a folder that cannot be written to, the files are read again by the next process."""
    with contextlib.suppress(OSError):
        write_whole(path, msgspec.json.encode(note))

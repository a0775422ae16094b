"""Keeps a folder for one training at a time: two that write checkpoints into the same one would destroy each other's."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from engine.errors import BadInputError

IN_USE = ".in-use"  # locked as long as a training runs, and removed at its end; one that was killed leaves it behind, unlocked


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Within, no other training has the folder, which must be there.

    Raises:
        BadInputError: `out_in_use`, another one has it.
        OSError: nothing can be written into it.
    """
    path = folder / IN_USE
    with path.open("a") as file:
        if not _lock(file, path):
            raise _in_use(folder)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_empty(folder: Path) -> bool:
    """Whether nothing but the mark of use lies in it."""
    return all(path.name == IN_USE for path in folder.iterdir())


def _lock(file: IO[str], path: Path) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:  # who had it removed it just now
        return False


def _in_use(folder: Path) -> BadInputError:
    return BadInputError(
        "out_in_use",
        ja=f"{folder} ではほかの学習が動いています。その学習の終わりを待つか、別のフォルダを --out で指定してください。",
        en=f"Another training is running in {folder}. Wait for its end, or name another folder with --out.",
    )

"""Writes a file at once as a whole: who reads it meanwhile sees the old one or the new one, never half of either."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, body: bytes) -> None:
    """Write it, in a folder that is there.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_bytes(body)
    unfinished.replace(path)

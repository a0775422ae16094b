"""The head of a safetensors file: whether it says of exactly the bytes that the file has. Reads no weights and loads no torch."""

from __future__ import annotations

import json
import struct
from pathlib import Path

_LENGTH = struct.Struct("<Q")
LONGEST_BYTES = 100_000_000  # of a head, as the format allows


def header_fits(path: Path) -> bool:
    """Whether the head can be read and the file is as long as it says: no pointer, no half of a file.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_LENGTH.size)
        length = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else 0
        if not 2 <= length <= min(LONGEST_BYTES, size - _LENGTH.size):
            return False
        head = file.read(length)
    try:
        tensors = json.loads(head)
        ends = [value["data_offsets"][1] for name, value in tensors.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return False
    return bool(_LENGTH.size + length + max(ends, default=0) == size)

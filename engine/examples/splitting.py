"""The fixed split of data sets that have no development set of their own."""

from __future__ import annotations

import hashlib


def held_out(text: str) -> bool:
    """Whether a Japanese sentiment row is in the fixed tenth that the bundled models never learn from (by the SHA-256 of its text)."""
    return hashlib.sha256(text.encode()).digest()[0] % 10 == 0

"""Gives memory that is free back to the system: what loading a model took for a moment stays with the process else."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def give_back_free_memory() -> None:
    """Ask the C library to; nothing where it is not glibc (musl and macOS do it by themselves)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


@contextmanager
def memory_given_back() -> Iterator[None]:
    """Give it back at the end."""
    try:
        yield
    finally:
        give_back_free_memory()

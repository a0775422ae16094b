"""Memory: tells where it ran out, and gives what is free back to the system: what loading took for a moment stays with the process else."""

from __future__ import annotations

import ctypes
import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import ModelError

# What torch says besides its own OutOfMemoryError: on a CPU, and where CUDA or one of its libraries asked for the memory.
OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
# What the system says (ENOMEM); libraries pass on its words, often without its number.
NO_MEMORY = "Cannot allocate memory"


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether a computation failed because it needs more memory than there is, on a GPU or on the machine; a part of it may fit."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM or NO_MEMORY in str(error)
    # torch.OutOfMemoryError is a RuntimeError; by its words it is known without loading torch.
    words = (*OUT_OF_MEMORY, NO_MEMORY)
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(part in str(error) for part in words))


@contextmanager
def shortage_told() -> Iterator[None]:
    """Around what a command computes: nobody is shown a traceback where memory runs out.

    Raises:
        ModelError: `out_of_memory`.
    """
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not ran_out_of_memory(error):
            raise
        raise ModelError(
            "out_of_memory",
            ja="メモリが足りません。ほかのプログラムを終了するか、メモリの多いマシンで実行してください。GPU のメモリなら --device cpu でも実行できます。",
            en="Memory does not suffice. End other programs, or use a machine with more of it; if it is a GPU's, --device cpu does without.",
        ) from error


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

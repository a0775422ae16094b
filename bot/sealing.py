"""Shuts a process in before it opens a stranger's file: what it has read already it keeps, and it gets at nothing else any more."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Sequence
from typing import Any

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER_MODE = 38, 22, 2
_ALLOW, _KILL_PROCESS, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
# Of Linux' <linux/filter.h>: load a word of the call, jump if it is equal, return.
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4  # in bytes, of <linux/seccomp.h>'s seccomp_data

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # with what the kernel calls them, <linux/audit.h>'s AUDIT_ARCH
# All that a process of one thread needs to compute on what comes by its pipe and to answer by another: no call that opens, starts,
# connects or signals anything. With the numbers of <asm/unistd.h> on the machines, in their order.
_CALLS = (
    ("read", 0, 63),
    ("write", 1, 64),
    ("writev", 20, 66),
    ("close", 3, 57),
    ("fstat", 5, 80),
    ("lseek", 8, 62),
    ("mmap", 9, 222),
    ("mprotect", 10, 226),
    ("munmap", 11, 215),
    ("mremap", 25, 216),
    ("madvise", 28, 233),
    ("brk", 12, 214),
    ("rt_sigaction", 13, 134),
    ("rt_sigprocmask", 14, 135),
    ("rt_sigreturn", 15, 139),
    ("sigaltstack", 131, 132),
    ("futex", 202, 98),
    ("rseq", 334, 293),
    ("sched_yield", 24, 124),
    ("getpid", 39, 172),
    ("gettid", 186, 178),
    ("exit", 60, 93),
    ("exit_group", 231, 94),
    ("gettimeofday", 96, 169),
    ("clock_gettime", 228, 113),
    ("clock_nanosleep", 230, 115),
    ("getrandom", 318, 278),
)


class _Program(ctypes.Structure):
    """<linux/filter.h>'s sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def limit(*, memory_bytes: int) -> None:
    """Limit what this process may use: its memory, no file that grows, no further process, no image of its memory on the disk.

    Not every system has each of these limits.
    """
    with contextlib.suppress(ImportError):
        import resource

        for name, most in (("AS", memory_bytes), ("FSIZE", 0), ("NPROC", 0), ("CORE", 0)):
            with contextlib.suppress(AttributeError, OSError, ValueError):
                resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def seal() -> bool:
    """Let the system refuse this process all calls but those of `_CALLS`, for good; False where it cannot.

    Modules that are needed later must be there already. For a process of one thread.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _MACHINES or sys.maxsize < 2**32:
        return False
    column = 1 + list(_MACHINES).index(machine)
    instructions = _filter(_MACHINES[machine], [int(call[column]) for call in _CALLS])
    program = _Program(len(instructions) // 8, instructions)
    control: Any = ctypes.CDLL(None, use_errno=True).prctl
    control.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    address = ctypes.addressof(program)
    # Without the first an unprivileged process may not set the second.
    refused: bool = control(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or control(_PR_SET_SECCOMP, _FILTER_MODE, address, 0, 0)
    return not refused


def _filter(architecture: int, numbers: Sequence[int]) -> bytes:
    """The filter as the kernel runs it for each call: eight bytes an instruction."""
    code = [
        _instruction(_LOAD, _ARCHITECTURE_AT),
        _instruction(_JUMP_IF_EQUAL, architecture, if_so=1),
        _instruction(_RETURN, _KILL_PROCESS),  # the numbers mean other calls there
        _instruction(_LOAD, _NUMBER_AT),
        *(_instruction(_JUMP_IF_EQUAL, number, if_so=len(numbers) - at) for at, number in enumerate(numbers)),
        _instruction(_RETURN, _REFUSE),
        _instruction(_RETURN, _ALLOW),
    ]
    return b"".join(code)


def _instruction(code: int, value: int, *, if_so: int = 0) -> bytes:
    """One instruction; `if_so`: how many are passed over where the jump is made."""
    return struct.pack("=HBBI", code, if_so, 0, value)

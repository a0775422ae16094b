"""Where a process runs, and whether one that ran there still does."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path


def place() -> str:
    """Where process ids mean the same: this boot of this machine, and within it this container."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return socket.gethostname()


def process_is_gone(pid: int) -> bool:
    """Whether no process of this id runs here; one that only waits to be reaped does not."""
    if stat := _stat(pid):
        return stat[0] in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def started_at(pid: int) -> int:
    """When a process was started, in ticks since the machine was: an id that is used again has another one. 0 where that is not known."""
    stat = _stat(pid)
    return int(stat[19]) if len(stat) > 19 else 0


def _stat(pid: int) -> list[str]:
    """What Linux says of a process, from its state on; nothing elsewhere, or where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []

"""What a process takes: its memory, how long a command runs. Memory is read from /proc, so on Linux alone."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError

COMMAND_TIMEOUT_S = 300.0


def memory_mb(pid: int) -> float:
    """What a process holds in memory now (resident set), in 1,000,000 bytes.

    Raises:
        BenchmarkError: that cannot be read here.
    """
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError) as error:
        raise BenchmarkError(
            "no_proc",
            ja=f"プロセス {pid} のメモリを /proc から読めません。Linux で測ってください。",
            en=f"The memory of process {pid} cannot be read from /proc. Measure it on Linux.",
        ) from error
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def computed_s(pid: int) -> float:
    """How long a process has computed so far, with all its threads, in seconds.

    Raises:
        BenchmarkError: that cannot be read here.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError) as error:
        raise BenchmarkError(
            "no_proc",
            ja=f"プロセス {pid} の計算時間を /proc から読めません。Linux で測ってください。",
            en=f"The processor time of process {pid} cannot be read from /proc. Measure it on Linux.",
        ) from error


def command_s(command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None) -> float:
    """How long a command runs, its interpreter's start included.

    Raises:
        BenchmarkError: it fails.
    """
    started = time.perf_counter()
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    taken_s = time.perf_counter() - started
    if done.returncode != 0:
        words = " ".join(command)
        raise BenchmarkError(
            "command_failed",
            ja=f"{words} が失敗しました（終了コード {done.returncode}）。\n{done.stderr}",
            en=f"{words} failed with exit code {done.returncode}.\n{done.stderr}",
        )
    return taken_s

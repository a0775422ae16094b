"""What a contestant is, and the process behind it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError

START_TIMEOUT_S = 300.0
STOP_TIMEOUT_S = 10.0
TAIL_CHARACTERS = 1_500
BATCH, GATHER_MS = 64, 5  # the most requests together, and how long to wait for more: the same for all
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

Ask = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """`ask` takes a text and gives its vector, or takes a Request and gives its outcome; any number of them at the same time."""

    name: str
    ask: Ask


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@asynccontextmanager
async def served(
    name: str, command: Sequence[str], environment: Mapping[str, str], *, ready: Callable[[], Awaitable[bool]], folder: Path | None = None
) -> AsyncIterator[int]:
    """Run a server while within; entered, with the id of its process, when `ready` says so.

    Raises:
        BenchmarkError: it ends before, or is late.
    """
    with tempfile.TemporaryFile() as log:
        try:
            child = subprocess.Popen(
                command,
                env={**os.environ, **ONE_THREAD, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                process_group=0,
            )
        except OSError as error:
            raise does_not_start(name, str(error)) from error
        try:
            await _wait(name, child, ready, log)
            yield child.pid
        finally:
            await asyncio.to_thread(stop, child)


async def _wait(name: str, child: subprocess.Popen[bytes], ready: Callable[[], Awaitable[bool]], log: Any) -> None:
    end = time.monotonic() + START_TIMEOUT_S
    while not await ready():
        if child.poll() is not None or time.monotonic() > end:
            log.seek(0)
            raise does_not_start(name, log.read().decode("utf-8", "replace")[-TAIL_CHARACTERS:])
        await asyncio.sleep(0.1)


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a server with the processes that it started."""
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def does_not_start(name: str, why: str) -> BenchmarkError:
    """A contestant that is not there is never left out unsaid."""
    return BenchmarkError(
        "peer_does_not_start",
        ja=f"{name} が起動しません。除いて測るには --without {name} を付けてください。\n{why}",
        en=f"{name} does not start. To measure without it, and say so: --without {name}\n{why}",
    )

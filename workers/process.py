"""The child process behind `LocalQueue`: starting it, its pipes, and noticing its end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any

LAST_WORDS_LINES = 20
STOP_TIMEOUT_S = 3.0


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """What a worker needs to be told. `batch` is the most Requests that are computed together."""

    profile: str = "bundled"
    catalog: Path | None = None  # a user's catalog file, laid over the profile
    models_dir: Path | None = None  # where the bundled models lie; None: in the checkout
    device: str = "auto"
    memory_budget_mb: int = 4_096  # MiB of models kept loaded
    batch: int = 64

    def as_arguments(self) -> list[str]:
        """The command line of `python -m workers.local` that says the same."""
        values = {
            "--profile": self.profile,
            "--catalog": self.catalog,
            "--models-dir": self.models_dir,
            "--device": self.device,
            "--memory-budget-mb": self.memory_budget_mb,
            "--batch": self.batch,
        }
        return [f"{name}={value}" for name, value in values.items() if value is not None]


class WorkerProcess:
    """A running `python -m workers.local`. `on_line` and `on_death` are called from a thread of its own."""

    def __init__(self, settings: WorkerSettings, *, on_line: Callable[[bytes], None], on_death: Callable[[WorkerProcess], None]) -> None:
        """Start it.

        Raises:
            OSError: the system starts no process.
        """
        # In a process group of its own: Ctrl-C at the terminal is for the bot, which decides what stops.
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "workers.local", *settings.as_arguments()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            process_group=0,
        )
        self._write_lock = Lock()
        self._noise: deque[str] = deque(maxlen=LAST_WORDS_LINES)
        self._noise_reader = Thread(target=self._read_noise, daemon=True)
        self._noise_reader.start()
        Thread(target=self._read_lines, args=(on_line, on_death), daemon=True).start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    def write(self, line: dict[str, Any]) -> bool:
        """Send one line; False where the process is gone."""
        # ASCII JSON: a lone surrogate in somebody's text must not break the pipe.
        data = json.dumps(line).encode("ascii") + b"\n"
        pipe = _pipe(self._child.stdin)
        try:
            with self._write_lock:
                pipe.write(data)
                pipe.flush()
        except (OSError, ValueError):  # broken or closed
            return False
        return True

    def last_words(self) -> str:
        """The last lines that the process wrote to stderr; empty while it runs well."""
        self._noise_reader.join(timeout=1.0)
        return "\n".join(self._noise)

    def stop(self) -> None:
        """Close its stdin, at which it leaves by itself, and make sure that it does."""
        with self._write_lock, contextlib.suppress(OSError):
            _pipe(self._child.stdin).close()
        try:
            self._child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _read_lines(self, on_line: Callable[[bytes], None], on_death: Callable[[WorkerProcess], None]) -> None:
        try:
            with _pipe(self._child.stdout) as lines:
                for line in lines:
                    on_line(line)
        except (ValueError, KeyError):  # no line of the protocol, or one cut off: nothing after it can be trusted
            self._child.kill()
        self._child.wait()
        with self._write_lock, contextlib.suppress(OSError):
            _pipe(self._child.stdin).close()
        on_death(self)

    def _read_noise(self) -> None:
        with _pipe(self._child.stderr) as lines:
            for line in lines:
                self._noise.append(line.decode("utf-8", "replace").rstrip())


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the worker was started without its pipes")
    return pipe


def _environment() -> dict[str, str]:
    """This process's environment, with the packages found wherever it was started (the folder itself is not searched: -P)."""
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}

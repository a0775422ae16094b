"""A worker as a child process: starting it, noticing that it is ready, and its end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import IO

from engine.contract import Task
from workers.observing.settings import ObservingSettings
from workers.queue.settings import QueueSettings, WorkerSettings

REDIS_URL_VARIABLE = "YOMITE_REDIS_URL"
READY_MARK = " ready: "  # in the line that a worker writes to stderr when it takes jobs
LAST_WORDS_LINES = 20
STOP_TIMEOUT_S = 10.0


class WorkerProcess:
    """A running `python -m workers`. It leaves by itself when the process that started it does.

    `warm_up` names tasks whose models it loads while it has nothing else to do, `warm_up_first` those before its first job.
    `on_line` is called from a thread of its own with each line that the worker writes to stderr.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        *,
        redis_url: str,
        queue_settings: QueueSettings | None = None,
        name: str | None = None,
        burst: bool = False,
        warm_up: Sequence[Task] = (),
        warm_up_first: Sequence[Task] = (),
        on_line: Callable[[str], None] | None = None,
        observing: ObservingSettings | None = None,
    ) -> None:
        """Start it.

        Raises:
            OSError: the system starts no process.
        """
        arguments = [*settings.as_arguments(), *(queue_settings or QueueSettings()).as_arguments(), "--with-parent"]
        arguments += (observing or ObservingSettings()).as_arguments()
        arguments += [f"--name={name}"] if name else []
        arguments += ["--burst"] if burst else []
        arguments += ["--warm-up-idle", *map(str, warm_up)]
        arguments += ["--warm-up", *map(str, warm_up_first)]
        # In a process group of its own: Ctrl-C at the terminal is for the bot, which decides what stops.
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "workers", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self.environment(redis_url),
            process_group=0,
        )
        self._ready = Event()
        self._on_line = on_line
        self._lines: deque[str] = deque(maxlen=LAST_WORDS_LINES)
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @staticmethod
    def environment(redis_url: str) -> dict[str, str]:
        """This process's environment with the queue's address, which may hold a password and so is no argument.

        The packages are found wherever this was started (the folder itself is not searched: -P).
        """
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, REDIS_URL_VARIABLE: redis_url, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    @property
    def ready(self) -> bool:
        """Whether it has said that it takes jobs."""
        return self._ready.is_set() and self.alive

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Wait until it takes jobs; False where it ended before, or is late."""
        self._ready.wait(timeout_s)
        return self.ready

    def terminate(self) -> None:
        """Let it finish what it computes and leave; returns at once."""
        if self.alive:
            self._child.terminate()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Let it finish what it computes and leave; after `timeout_s` seconds it is killed, and its jobs are run again by another."""
        self.terminate()
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join(timeout=1.0)

    def last_words(self) -> str:
        """The last lines that it wrote to stderr."""
        if not self.alive:
            self._reader.join(timeout=1.0)
        return "\n".join(self._lines)

    def _read(self) -> None:
        with _pipe(self._child.stderr) as lines:
            for raw in lines:
                line = raw.decode("utf-8", "replace").rstrip()
                self._lines.append(line)
                if READY_MARK in line:
                    self._ready.set()
                if self._on_line is not None:
                    self._on_line(line)
        self._child.wait()
        with contextlib.suppress(OSError):
            _pipe(self._child.stdin).close()
        self._ready.set()  # nobody need wait for a worker that has ended


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the worker was started without its pipes")
    return pipe

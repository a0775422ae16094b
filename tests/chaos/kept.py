"""The processes of a chaos run: started, killed, stopped, stood still, and started again when they have ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.chaos.bot import ADDRESSES
from workers.queue import WorkerSettings
from workers.queue.processes import WorkerProcess

LOOK_S = 0.1
LONGEST_AWAY_S = 1.0  # before something that ended is started again
STOP_S = 30.0


class Bot:
    """A bot process; what it says goes to a file."""

    def __init__(self, platform: str, addresses: dict[str, Any], log: Path) -> None:
        environment = {**os.environ, ADDRESSES: json.dumps(addresses)}
        with log.open("a", encoding="utf-8") as file:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.bot", platform],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                env=environment,
                cwd=Path(__file__).parents[2],
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Let it end in good order; after `timeout_s` seconds it is killed."""
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdin is not None:
            self._child.stdin.close()


def new_worker(settings: WorkerSettings, redis_url: str, log: Path) -> WorkerProcess:
    """A worker process as `yomite run` starts it; what it says goes to a file."""

    def write(line: str) -> None:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    return WorkerProcess(settings, redis_url=redis_url, on_line=write)


class Kept:
    """One process that is up again soon whatever ends it. `on_end` is called when it has ended, before it is started again."""

    def __init__(self, start: Callable[[], Bot | WorkerProcess], random: Random) -> None:
        self._start = start
        self._random = random
        self.process = start()
        self.on_end: Callable[[], None] = lambda: None
        self._frozen = False

    async def keep(self) -> None:
        """Start it again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            if not self.process.alive:
                self._frozen = False
                self.on_end()
                await asyncio.to_thread(self.process.stop)  # only tidies up
                await asyncio.sleep(self._random.uniform(0.0, LONGEST_AWAY_S))
                self.process = self._start()

    @property
    def can_be_hit(self) -> bool:
        """Whether it is up and not standing still."""
        return self.process.alive and not self._frozen

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.process.alive:
            os.kill(self.process.pid, number)

    async def freeze(self, seconds: float) -> None:
        """Let it stand still for a while."""
        process, self._frozen = self.process, True
        self.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            if self.process is process:
                self.signal(signal.SIGCONT)
                self._frozen = False

    async def stop(self) -> None:
        """End it in good order."""
        self.signal(signal.SIGCONT)
        await asyncio.to_thread(self.process.stop, STOP_S)

"""`python -m benchmarks.start`: from `yomite worker` to the first answer, what imports take, and a worker's memory with all tasks loaded."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks.command import parser, run_and_print
from benchmarks.contestants import ours
from benchmarks.contestants.contestant import ONE_THREAD, START_TIMEOUT_S, does_not_start, stop
from benchmarks.machine import ROOT
from benchmarks.processes import command_s, memory_mb
from benchmarks.report import Report, Row
from benchmarks.texts import ABOUT, made_sentences
from engine.contract import Failure, SentimentRequest, Task
from workers.queue import WorkerSettings, names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis

ROUNDS = 5
MOST_IMPORT_S, MOST_HELP_S, MOST_MEMORY_MB = 0.7, 0.3, 900.0
BOT_MODULE = "bot.serving"  # what a process of the bot is wired together in
PLATFORM = "start"
QUIET_S = 3.0  # nothing is asked for so long
LOOK_MS = 1_000  # how often it is looked whether the worker is still there


def run(*, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "cpu") -> Report:
    """Measure all of it.

    Raises:
        EngineError: a process does not start, or a Request is not answered.
    """
    rounds = rounds or (1 if short else ROUNDS)
    python = [sys.executable, "-P"]
    with tempfile.TemporaryDirectory() as compiled:

        def times_s(*words: str) -> tuple[float, ...]:
            environment = {**_path(), **_kept_in(compiled)}
            command_s([*python, *words], folder=ROOT, environment=environment)  # compiles what it imports
            return tuple(command_s([*python, *words], folder=ROOT, environment=environment) for _ in range(rounds))

        nothing, imports, helps = times_s("-c", "pass"), times_s("-c", f"import {BOT_MODULE}"), times_s("-m", "bot", "--help")
    first = [first_answer_s(models_dir) for _ in range(rounds)]
    rows = (
        Row(name="an interpreter that does nothing", unit="s", values=nothing),
        Row(name=f"import {BOT_MODULE}, with the interpreter", unit="s", values=imports, target=MOST_IMPORT_S, bound="most"),
        Row(name="yomite --help", unit="s", values=helps, target=MOST_HELP_S, bound="most"),
        Row(name="yomite worker, to the first answer", unit="s", values=tuple(first)),
        *asyncio.run(_memory(WorkerSettings(models_dir=models_dir, device="cpu"))),
    )
    notes = (
        "The files are in the system's cache, and compiled.",
        "Memory is the resident set of the worker's process, in 1,000,000 bytes.",
    )
    return Report(benchmark="start", title="Start and memory", short=short, rows=rows, notes=notes)


def _path() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}


def _kept_in(folder: str) -> dict[str, str]:
    """Compiled modules are kept, as where the program was installed; also where the environment here says that none are."""
    return {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}


def first_answer_s(models_dir: Path | None) -> float:
    """From the start of `yomite worker` to the answer to a question that waits already, in seconds.

    Raises:
        BenchmarkError: there is none.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yomite-bench-")))
        url = stack.enter_context(EmbeddedRedis(folder, durable=True)).url
        connection: Any = stack.enter_context(Redis.from_url(url))
        JobQueue(connection).submit(SentimentRequest(text="I love this."), platform=PLATFORM)
        models = {"YOMITE_MODELS_DIR": str(models_dir)} if models_dir else {}
        environment = {**os.environ, **ONE_THREAD, **_path(), **models, "REDIS_URL": url, "YOMITE_STATE_DIR": str(folder)}
        started = time.perf_counter()
        log = stack.enter_context(tempfile.TemporaryFile())
        command = [sys.executable, "-P", "-m", "bot", "worker"]
        child = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stderr=log, process_group=0)
        stack.callback(stop, child)
        while not connection.xread({names.replies(PLATFORM): "0"}, block=LOOK_MS):
            if child.poll() is not None or time.perf_counter() - started > START_TIMEOUT_S:
                log.seek(0)
                raise does_not_start("yomite worker", log.read().decode("utf-8", "replace"))
        return time.perf_counter() - started


async def _memory(settings: WorkerSettings) -> list[Row]:
    async with ours.running(settings, warm_up=tuple(Task)) as client:
        loaded = memory_mb(client.worker_pids[0])
        for text in made_sentences(2):
            for task in Task:
                outcome = await client.ask(ABOUT[task](text))
                if isinstance(outcome, Failure):
                    raise ours.not_answered(outcome)
        used = memory_mb(client.worker_pids[0])
        await asyncio.sleep(QUIET_S)
        quiet = memory_mb(client.worker_pids[0])
    return [
        Row(name="memory, all tasks loaded", unit="MB", values=(loaded,), target=MOST_MEMORY_MB, bound="most"),
        Row(name="memory, as each task was answered in both languages", unit="MB", values=(used,)),
        Row(name="memory, some seconds later", unit="MB", values=(quiet,), target=MOST_MEMORY_MB, bound="most"),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurement; 1 where something does not start."""
    return run_and_print(run, parser("start", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())

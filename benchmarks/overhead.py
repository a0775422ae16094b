"""`python -m benchmarks.overhead`: how long an unloaded answer takes beyond the model's own time.

A text goes from the bot's door through Redis and a worker back to the bot; then the same Request is computed by an engine in this
process, also with one thread. What the first takes longer is the overhead.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.command import parser, run_and_print
from benchmarks.contestants import ours
from benchmarks.load import percentile
from benchmarks.report import Report, Row, over
from benchmarks.texts import ABOUT, made_sentences
from benchmarks.turns import Rounds, seconds
from engine.catalog import Catalog
from engine.contract import Failure, Task
from engine.engine import Engine
from engine.models.cache import ModelCache
from workers.queue import WorkerSettings

ROUNDS = 5
QUESTIONS, SHORT_QUESTIONS = 60, 4
TASKS = (Task.SENTIMENT, Task.NER, Task.ASK, Task.EMBED)
TARGET_MS = 10.0
MEMORY_BUDGET_BYTES = 4 * 1024**3
PATH, MODEL, OVERHEAD = "the whole path, p50", "the engine alone, p50", "overhead, p50"


def run(*, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "cpu") -> Report:
    """Measure some tasks of the bundled models.

    Raises:
        EngineError: a model cannot be loaded, or a Request is not answered.
    """
    settings = WorkerSettings(models_dir=models_dir, device="cpu")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the worker
    try:
        rows = asyncio.run(_measure(settings, rounds or (1 if short else ROUNDS), SHORT_QUESTIONS if short else QUESTIONS))
    finally:
        torch.set_num_threads(threads)
    notes = ("Each question waits for the answer to the one before; short sentences of both languages; nothing is answered from memory.",)
    return Report(benchmark="overhead", title="An unloaded answer beyond the model's own time", short=short, rows=tuple(rows), notes=notes)


async def _measure(settings: WorkerSettings, rounds: int, questions: int) -> list[Row]:
    engine = Engine(Catalog.load(models_dir=settings.models_dir), ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, device="cpu"))
    engine.warm_up(TASKS, ["ja", "en"])
    texts = made_sentences(questions, most_phrases=4)
    rows: list[Row] = []
    async with ours.running(settings, warm_up=TASKS) as client:
        for task in TASKS:
            await _round(client, engine, task, texts[:2])
            found = [await _round(client, engine, task, texts) for _ in range(rounds)]
            rows += _rows(str(task), found)
    return rows


async def _round(client: ours.Client, engine: Engine, task: Task, texts: Sequence[str]) -> dict[str, float]:
    path_ms: list[float] = []
    model_ms: list[float] = []
    for text in texts:
        request = ABOUT[task](text)
        started = time.perf_counter()
        outcome = await client.ask(request)
        path_ms.append(1_000 * (time.perf_counter() - started))
        if isinstance(outcome, Failure):
            raise ours.not_answered(outcome)
        model_ms.append(1_000 * seconds(lambda asked=request: engine.read([asked])))  # type: ignore[misc]  # mypy infers no type for a default
    beyond = [path - model for path, model in zip(path_ms, model_ms, strict=True)]
    return {PATH: percentile(path_ms, 50), MODEL: percentile(model_ms, 50), OVERHEAD: percentile(beyond, 50)}


def _rows(group: str, found: Rounds) -> list[Row]:
    return [
        Row(
            name=name,
            unit="ms",
            values=over(found, name),
            group=group,
            target=TARGET_MS if name == OVERHEAD else None,
            bound="most",
        )
        for name in (PATH, MODEL, OVERHEAD)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurement; 1 where something cannot answer."""
    return run_and_print(run, parser("overhead", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())

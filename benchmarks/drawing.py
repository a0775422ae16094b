"""`python -m benchmarks.drawing`: short jobs a second while pictures are drawn, beside the computation and within it, as a ratio.

A real worker takes some jobs with pictures, then many without, from a Redis of its own; both ways turn by turn in one process.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks.command import print_comparison
from benchmarks.engine import MEMORY_BUDGET_BYTES, made_sentences
from engine.catalog import Catalog
from engine.contract import Language, Request, SentimentRequest, SimilarRequest, Task
from engine.drawing import Undrawn
from engine.engine import Engine, OnProgress, Outcome
from engine.models.cache import ModelCache
from workers.computing import Answering
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis
from workers.worker import BatchingWorker

BATCH_SIZE = 16
TEXTS_IN_A_PICTURE = 12


class Inline:
    """An engine that draws before it answers, so that its worker waits for the pictures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Outcome | Undrawn]:
        """All outcomes, drawn."""
        return [*self._engine.run(requests, on_progress)]

    def model_of(self, request: Request) -> str | None:
        """As the engine's."""
        return self._engine.model_of(request)

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Language]) -> None:
        """As the engine's."""
        self._engine.warm_up(tasks, languages)


def short_jobs_a_second(engine: Answering, redis: Redis, *, pictures: int, shorts: int) -> float:
    """From the worker's start to its last answer without a picture."""
    redis.flushall()
    queue, settings = JobQueue(redis), QueueSettings(cache_ttl_s=0)
    sentences = sorted(made_sentences(4 * shorts + TEXTS_IN_A_PICTURE + pictures), key=len)
    for number in range(pictures):
        queue.submit(SimilarRequest(texts=tuple(sentences[number : number + TEXTS_IN_A_PICTURE])), platform="pictures")
    for text in sentences[:shorts]:
        queue.submit(SentimentRequest(text=text), platform="shorts")
    seconds, microseconds = redis.time()
    BatchingWorker(redis, engine, batch=BATCH_SIZE, settings=settings).work(burst=True)
    [(last, _)] = _last(redis, "shorts")
    return shorts / (int(last.partition(b"-")[0]) / 1_000 - seconds - microseconds / 1_000_000)


def _last(redis: Redis, platform: str) -> Any:
    return redis.xrevrange(names.replies(platform), count=1)


def compare(*, pictures: int, shorts: int, rounds: int, models_dir: Path | None, device: str) -> str:
    """Run all ways in turn and say what came out.

    Raises:
        EngineError: a model cannot be loaded.
    """
    engine = Engine(Catalog.load(models_dir=models_dir), ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, device=device))
    engine.warm_up([Task.SENTIMENT, Task.SIMILAR, Task.EXPLAIN_ATTENTION], ["ja", "en"])
    ways: list[tuple[str, Answering, int]] = [
        ("no pictures", engine, 0),
        ("beside", engine, pictures),
        ("within", Inline(engine), pictures),
    ]
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder), durable=False) as server, Redis.from_url(server.url) as redis:
        short_jobs_a_second(engine, redis, pictures=1, shorts=BATCH_SIZE)
        found = [[short_jobs_a_second(way, redis, pictures=count, shorts=shorts) for _, way, count in ways] for _ in range(rounds)]
    lines = [
        f"{name:12}{statistics.median(column):8.0f} short jobs/s"
        for (name, _, _), column in zip(ways, zip(*found, strict=True), strict=True)
    ]
    ratios = sorted(beside / within for _, beside, within in found)
    return (
        f"{shorts} short jobs behind {pictures} pictures, {rounds} rounds in turn\n"
        + "\n".join(lines)
        + f"\nratio       {statistics.median(ratios):8.2f} beside to within (from {ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; 1 where the engine cannot answer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drawing", description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--shorts", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models-dir", type=Path, help="where the bundled models lie")
    parser.add_argument("--device", default="auto")
    return print_comparison(compare, parser, arguments)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.drawing`: short jobs a second while pictures are drawn, beside the computation and within it, as a ratio.

A real worker takes some jobs with pictures, then many without, from a Redis of its own; all ways turn by turn in one process.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks.command import parser, run_and_print
from benchmarks.report import RATIO, Report, Row, over, ratio
from benchmarks.texts import made_sentences
from benchmarks.turns import Rounds, in_turns
from engine.catalog import Catalog
from engine.contract import Language, Request, SentimentRequest, SimilarRequest, Task
from engine.drawing import Undrawn
from engine.engine import Engine, OnProgress, Outcome
from engine.models.cache import ModelCache
from workers.composition import SWITCH_INTERVAL_S
from workers.computing import Answering
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis
from workers.worker import BatchingWorker

ROUNDS = 5
BATCH_SIZE = 16
TEXTS_IN_A_PICTURE = 12
PICTURES, SHORT_PICTURES = 8, 1
SHORT_JOBS, SHORT_FORM_JOBS = 64, 8
MEMORY_BUDGET_BYTES = 4 * 1024**3
NONE, BESIDE, WITHIN = "no pictures", "drawn beside", "drawn within"


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


def run(*, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "auto") -> Report:
    """Run all ways in turn.

    Raises:
        EngineError: a model cannot be loaded.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)  # as in a worker's process
    pictures, shorts = (SHORT_PICTURES, SHORT_FORM_JOBS) if short else (PICTURES, SHORT_JOBS)
    engine = Engine(Catalog.load(models_dir=models_dir), ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, device=device))
    engine.warm_up([Task.SENTIMENT, Task.SIMILAR, Task.EXPLAIN_ATTENTION], ["ja", "en"])
    ways: Mapping[str, tuple[Answering, int]] = {NONE: (engine, 0), BESIDE: (engine, pictures), WITHIN: (Inline(engine), pictures)}
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder), durable=False) as server, Redis.from_url(server.url) as redis:
        short_jobs_a_second(engine, redis, pictures=1, shorts=BATCH_SIZE)
        works = {name: partial(short_jobs_a_second, way, redis, pictures=count, shorts=shorts) for name, (way, count) in ways.items()}
        found = in_turns(works, rounds=rounds or (1 if short else ROUNDS))
    notes = (f"{shorts} short jobs behind {pictures} with a picture of {TEXTS_IN_A_PICTURE} texts each.",)
    return Report(benchmark="drawing", title="Short jobs while pictures are drawn", short=short, rows=tuple(_rows(found)), notes=notes)


def _rows(found: Rounds) -> list[Row]:
    rows = [Row(name=name, unit="short jobs/s", values=over(found, name)) for name in (NONE, BESIDE, WITHIN)]
    return [*rows, Row(name=f"{BESIDE} ÷ {WITHIN}", unit=RATIO, values=ratio(over(found, BESIDE), over(found, WITHIN)))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; 1 where the engine cannot answer."""
    return run_and_print(run, parser("drawing", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())

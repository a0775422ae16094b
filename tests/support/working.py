"""An engine that is asked and does not compute, and what tests of the workers do with Redis."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from engine.contract import Failure, Language, NerRequest, NerResult, Request, Result, SentimentRequest, SentimentResult, Task
from engine.drawing import Undrawn
from workers.computing import OnProgress
from workers.queue import names
from workers.queue.replies import MAX_BLOBS, read_outcome
from workers.queue.settings import QueueSettings
from workers.worker import BatchingWorker

PLATFORM = "test"
DEADLINE_S = 180.0  # generous: where ten other processes compute, a worker takes a minute to load its libraries


@dataclass
class RecordingEngine:
    """Keeps the batches that it was asked for. `on_text` is called with each text of each batch, and may raise or wait."""

    on_text: Callable[[str], None] = lambda text: None
    model: str | None = "model-1"
    batches: list[list[Request]] = field(default_factory=list)

    @property
    def texts(self) -> list[list[str]]:
        """The texts of each batch."""
        return [[text_of(request) for request in batch] for batch in self.batches]

    def read(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Result | Failure | Undrawn]:
        self.batches.append(list(requests))
        for request in requests:
            self.on_text(text_of(request))
        return [answer_to(request) for request in requests]

    def model_of(self, request: Request) -> str | None:
        return self.model

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Language]) -> None:
        pass


def text_of(request: Request) -> str:
    return request.text if isinstance(request, SentimentRequest | NerRequest) else ""


def answer_to(request: Request) -> Result:
    if isinstance(request, NerRequest):
        return NerResult(language="en", model="m", entities=())
    return SentimentResult(language="en", model="m", label="positive", probability=1.0, probabilities={"positive": 1.0}, sentences=())


def work_off(redis: Redis, engine: Any, *, batch: int = 64, settings: QueueSettings | None = None) -> BatchingWorker:
    """Let a worker in this process answer all that waits."""
    worker = BatchingWorker(redis, engine, batch=batch, settings=settings)
    worker.work(burst=True)
    return worker


def outcome_of(redis: Redis, job_id: str) -> Result | Failure | None:
    """What lies there as a job's answer."""
    body: Any = redis.get(names.outcome(job_id))
    blobs: Any = redis.mget([names.blob(job_id, index) for index in range(MAX_BLOBS)])
    return None if body is None else read_outcome(body, blobs)


def answered(redis: Redis, platform: str = PLATFORM) -> list[str]:
    """The ids of the jobs on a platform's stream, oldest first."""
    entries: Any = redis.xrange(names.replies(platform))
    return [values[b"job"].decode() for _, values in entries]


def failed(redis: Redis) -> dict[str, str]:
    """The jobs in RQ's failed registries, with what they are blamed for."""
    found: Any = [job_id for queue in names.QUEUES for job_id in redis.zrange(f"rq:failed:{queue}", 0, -1)]  # type: ignore[union-attr]  # no coroutine
    return {
        job_id.decode("utf-8", "replace"): zlib.decompress(redis.hget(b"rq:job:" + job_id, "exc_info")).decode()  # type: ignore[arg-type]  # bytes here
        for job_id in found
    }


def until(met: Callable[[], Any], *, what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + DEADLINE_S
    while not met():
        if time.monotonic() > end:
            raise AssertionError(f"in vain waited for: {what}")
        time.sleep(0.01)

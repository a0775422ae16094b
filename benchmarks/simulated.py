"""`python -m benchmarks.simulated SECONDS`: a real worker whose model only takes its time, for as many workers as there are no cores."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract import Language, Request, Task, TokensResult
from engine.drawing import Undrawn
from workers import composition
from workers.carried import Outcome
from workers.computing import OnProgress
from workers.queue import QueueSettings
from workers.queue.processes import REDIS_URL_VARIABLE
from workers.worker import BatchingWorker

BATCH = 8


@dataclass(frozen=True)
class Simulated:
    """Answers every Request with nothing, after `job_s` seconds for each."""

    job_s: float

    def read(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Outcome | Undrawn]:
        """No tokens, for each."""
        time.sleep(self.job_s * len(requests))
        return [TokensResult(language="en", model="simulated", tokens=(), words=(), window=1) for _ in requests]

    def model_of(self, request: Request) -> str | None:
        """Always the same."""
        return "simulated"

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Language]) -> None:
        """Nothing to load."""


def main(arguments: Sequence[str]) -> None:
    """Be a worker until SIGTERM, on the Redis that the environment names."""
    connection = composition.connect(os.environ[REDIS_URL_VARIABLE])
    BatchingWorker(connection, Simulated(float(arguments[0])), batch=BATCH, settings=QueueSettings(cache_ttl_s=0)).work()


if __name__ == "__main__":
    main(sys.argv[1:])

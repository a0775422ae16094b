"""`python rq_worker.py simple|forking` with MODEL and REDIS_URL in the environment: plain RQ over the same model, a job at a time.

The model is loaded before the first job, so that the worker that forks for each job finds it in memory: that favours it.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from redis import Redis
from rq import Queue, SimpleWorker, Worker

from benchmarks.peers.model import Vectors

QUEUE = "benchmark"


@cache
def loaded() -> Vectors:
    """The model of this process."""
    return Vectors(Path(os.environ["MODEL"]))


def embed(text: str) -> list[float]:
    """The job."""
    return loaded().of([text])[0]


if __name__ == "__main__":
    # By its full name: what runs as a script would else hold a second copy of the model.
    from benchmarks.peers import rq_worker

    rq_worker.loaded().of(["warm"])
    connection = Redis.from_url(os.environ["REDIS_URL"])
    kind = {"simple": SimpleWorker, "forking": Worker}[sys.argv[1]]
    kind([Queue(QUEUE, connection=connection)], connection=connection).work(logging_level="WARNING")

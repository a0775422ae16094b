"""The system that all platforms share here: a real Redis and a real worker with the bundled models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.contract import Task
from tests.end_to_end.system import System
from workers.queue import WorkerSettings
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

PATIENCE_S = 180.0


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with EmbeddedRedis(tmp_path_factory.mktemp("system"), durable=True) as server:
        worker = WorkerProcess(WorkerSettings(device="cpu"), redis_url=server.url, warm_up_first=(Task.SENTIMENT,))
        assert worker.wait_until_ready(PATIENCE_S), worker.last_words()
        yield System(redis_url=server.url, worker=worker)
        worker.stop()

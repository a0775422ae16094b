"""Plain RQ as its documentation shows it: a function is enqueued, a worker runs one job at a time, the result is waited for."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue
from rq.worker import Worker

from benchmarks.contestants.contestant import Contestant, served
from benchmarks.errors import BenchmarkError
from benchmarks.machine import ROOT
from workers.queue.server import EmbeddedRedis

KINDS = {"rq (SimpleWorker)": "simple", "rq (forking Worker)": "forking"}
QUEUE, FUNCTION = "benchmark", "benchmarks.peers.rq_worker.embed"
RESULT_TIMEOUT_S = 120
MOST_WAITING = 128  # threads, one for each that waits


@asynccontextmanager
async def running(name: str, model: Path) -> AsyncIterator[Contestant]:
    """A durable Redis and a stock worker over the model in a folder.

    Raises:
        BenchmarkError: they do not start.
    """
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="yomite-bench-"))
        url = stack.enter_context(EmbeddedRedis(Path(folder), durable=True)).url
        connection = stack.enter_context(Redis.from_url(url, socket_timeout=2 * RESULT_TIMEOUT_S, max_connections=2 * MOST_WAITING))
        threads = stack.enter_context(ThreadPoolExecutor(MOST_WAITING))

        async def ready() -> bool:
            return bool(await asyncio.to_thread(Worker.count, connection=connection))

        async def ask(text: str) -> Sequence[float]:
            return await asyncio.get_running_loop().run_in_executor(threads, wait_for, queue, text)

        queue = Queue(QUEUE, connection=connection)
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {"MODEL": str(model), "REDIS_URL": url, "PYTHONPATH": path}
        command = [sys.executable, "-P", "-m", "benchmarks.peers.rq_worker", KINDS[name]]
        await stack.enter_async_context(served(name, command, environment, ready=ready, folder=ROOT))
        yield Contestant(name=name, ask=ask)


def wait_for(queue: Queue, text: str) -> Sequence[float]:
    """Hand a job over and wait for its result.

    Raises:
        BenchmarkError: the job failed or is late.
    """
    job = queue.enqueue(FUNCTION, text)
    result = job.latest_result(timeout=RESULT_TIMEOUT_S)
    if result is None or result.type != result.Type.SUCCESSFUL:
        raise BenchmarkError("job_failed", ja="RQ のジョブが失敗しました。", en="a job of plain RQ failed or was late")
    vector: Any = result.return_value
    return list(vector)

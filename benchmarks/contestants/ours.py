"""Yomite as its bot uses it: a Request is handed over, and its answer comes on a durable stream to the event loop."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from benchmarks.contestants.contestant import BATCH, served
from benchmarks.errors import BenchmarkError
from benchmarks.machine import ROOT
from bot.deliveries import stop
from engine.contract import EmbedRequest, EmbedResult, Failure, Request, Task
from workers.queue import Outcome, QueueSettings, WorkerSettings
from workers.queue.async_door import AsyncDoor
from workers.queue.connections import open_async
from workers.queue.door import JobQueue
from workers.queue.processes import WorkerProcess
from workers.queue.replies import Entry, Finished, ReplyStream
from workers.queue.server import EmbeddedRedis

NAME = "yomite"
PLATFORM = "benchmark"
# No answer from memory: every text is computed.
QUEUE_SETTINGS = QueueSettings(cache_ttl_s=0)


class Client:
    """Asks and waits, any number of Requests at the same time. For one event loop."""

    def __init__(self, url: str) -> None:
        self.connection = Redis.from_url(url)
        self._reading = open_async(url)
        self.door = JobQueue(self.connection, QUEUE_SETTINGS)
        self.worker_pids: list[int] = []
        self._door = AsyncDoor(self._reading, QUEUE_SETTINGS)
        self._stream = ReplyStream(self._reading, platform=PLATFORM)
        self._waiting: dict[str, asyncio.Future[Outcome]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, request: Request) -> Outcome:
        """The outcome, when the bot would have it."""
        job_id = uuid.uuid4().hex
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting[job_id] = future
        await self._door.submit(request, platform=PLATFORM, job_id=job_id)
        return await future

    async def open(self) -> None:
        """Begin to take answers."""
        await self._stream.open()
        self._keep(asyncio.create_task(self._read()))

    async def close(self) -> None:
        """Take no more."""
        await stop(list(self._tasks))
        await self._reading.aclose()
        self.connection.close()

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self) -> None:
        try:
            while True:
                for entry in await self._stream.new(wait_s=1.0):
                    self._keep(asyncio.create_task(self._bring(entry)))
        except RedisError as error:  # whoever waits must not wait for ever
            for future in self._waiting.values():
                future.set_exception(error)

    async def _bring(self, entry: Entry) -> None:
        finished = await self._stream.load(entry.job_id)
        future = self._waiting.pop(entry.job_id, None)
        if isinstance(finished, Finished) and future is not None and not future.done():
            future.set_result(finished.outcome)
        await self._stream.finish(entry, person="")


@asynccontextmanager
async def running(settings: WorkerSettings, *, workers: int = 1, warm_up: Sequence[Task] = ()) -> AsyncIterator[Client]:
    """A durable Redis, workers of one thread each, and a client.

    Raises:
        BenchmarkError: they do not start.
    """
    words = [sys.executable, "-P", "-m", "workers", *settings.as_arguments(), *QUEUE_SETTINGS.as_arguments()]
    async with over_redis([*words, "--warm-up-idle", "--warm-up", *map(str, warm_up)], workers=workers) as client:
        yield client


@asynccontextmanager
async def over_redis(command: Sequence[str], *, workers: int) -> AsyncIterator[Client]:
    """The same with another command for the workers; it finds Redis as a worker does.

    Raises:
        BenchmarkError: they do not start.
    """
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="yomite-bench-"))
        url = stack.enter_context(EmbeddedRedis(Path(folder), durable=True)).url
        client = Client(url)
        await client.open()
        stack.push_async_callback(client.close)
        for number in range(1, workers + 1):

            async def ready(wanted: int = number) -> bool:
                return await asyncio.to_thread(client.door.workers) >= wanted

            environment = WorkerProcess.environment(url)
            client.worker_pids.append(await stack.enter_async_context(served(NAME, command, environment, ready=ready, folder=ROOT)))
        yield client


def catalog_for(model: Path, folder: Path) -> Path:
    """A catalog whose one row embeds by the model in a folder."""
    path = folder / "catalog.toml"
    lines = ["[[models]]", 'task = "embed"', 'languages = ["ja", "en", "mixed"]', f'folder = "{model.absolute()}"']
    path.write_text("\n".join([*lines, 'licence = "Apache-2.0"', "window = 256", ""]), encoding="utf-8")
    return path


def settings_for(catalog: Path, models_dir: Path | None) -> WorkerSettings:
    """A worker that embeds by that catalog, and does all else by the bundled models; in fp32, as the peers compute."""
    return WorkerSettings(catalog=catalog, models_dir=models_dir, device="cpu", precision="fp32", batch=BATCH)


async def ask_vector(client: Client, text: str) -> Sequence[float]:
    """The vector of an English text.

    Raises:
        BenchmarkError: there is none.
    """
    outcome = await client.ask(EmbedRequest(texts=(text,), language="en"))
    if isinstance(outcome, EmbedResult):
        return outcome.vectors[0]
    raise not_answered(outcome)


def not_answered(outcome: Outcome) -> BenchmarkError:
    """A Request that failed must not count as a fast one."""
    if isinstance(outcome, Failure):
        return BenchmarkError(outcome.code, ja=outcome.message.ja, en=outcome.message.en)
    return BenchmarkError(
        "wrong_answer", ja="ほかの種類の答えが返りました。", en=f"an answer of another kind came back: {type(outcome).__name__}"
    )

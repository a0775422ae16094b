"""A queue for one process that waits for its answers (the terminal): joins what runs, or starts what is missing for itself."""

from __future__ import annotations

import contextlib
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Protocol, Self

from redis import Redis
from redis.exceptions import RedisError

from engine.contract import Failure, Message, Request, Task
from workers.queue import names
from workers.queue.connections import open_blocking
from workers.queue.door import NO_WORKER, JobQueue, no_worker
from workers.queue.overdue import too_late
from workers.queue.processes import WorkerProcess
from workers.queue.replies import MAX_BLOBS, entries_of, forget, read_outcome
from workers.queue.rows import ModelRow
from workers.queue.server import EmbeddedRedis
from workers.queue.settings import QueueSettings, WorkerSettings
from workers.queue.stored import Outcome

HOPELESS_STARTS = 3  # a worker that ended so often without an answer in between will not do better the next time
POLL_S = 0.2  # how often the worker is looked after while an answer is waited for
CATALOG_TIMEOUT_S = 60.0


class Queue(Protocol):
    """What a process that waits for its answers knows of a queue; a job is a Request on its way."""

    def submit(self, request: Request) -> str:
        """Hand over a Request; returns the id of its job at once."""

    def result(self, job_id: str, *, timeout_s: float | None = None) -> Outcome:
        """Wait for a job's outcome and forget the job."""

    def cancel(self, job_id: str) -> None:
        """Forget a job; one that still waits is never computed."""

    def map(self, requests: Iterable[Request]) -> Iterator[Outcome]:
        """The outcomes of many Requests, in their order, each as soon as it and those before it are there."""

    def models(self) -> list[ModelRow] | Failure:
        """The worker's catalog."""

    def door(self) -> JobQueue:
        """For questions about how things stand."""

    def warm_up(self, tasks: Sequence[Task]) -> None:
        """Let the models of these tasks be loaded while nobody asks; returns at once."""


class LocalQueue:
    """A Queue over Redis with a stream of its own. Nothing is started before the first job. Thread-safe.

    With `redis_url`, or where a system runs in `state_dir`, that is joined with its workers; else a private Redis and a worker are
    started, the worker again where it ended.
    """

    def __init__(
        self,
        settings: WorkerSettings | None = None,
        *,
        redis_url: str | None = None,
        state_dir: Path | None = None,
        queue_settings: QueueSettings | None = None,
    ) -> None:
        self._settings = settings or WorkerSettings()
        self._queue_settings = queue_settings or QueueSettings()
        self._redis_url = redis_url
        self._state_dir = state_dir
        self._platform = f"terminal-{uuid.uuid4().hex}"
        self._lock = RLock()
        self._stack = ExitStack()
        self._connected: tuple[str, Redis, JobQueue] | None = None
        self._worker: WorkerProcess | None = None
        self._joined = False  # whether it is somebody else's Redis, with workers of its own
        self._warm: tuple[Task, ...] = ()
        self._starts = 0
        self._last_entry = "0"
        self._waited_for: set[str] = set()
        self._arrived: set[str] = set()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def worker_pid(self) -> int | None:
        """The id of the worker that this queue started, None where it started none."""
        return self._worker.pid if self._worker else None

    def submit(self, request: Request) -> str:
        """Hand over a Request; returns the id of its job at once.

        Raises:
            RuntimeError: the queue is closed.
        """
        with self._lock:
            door = self.door()
            if not self._joined:  # else others look after the workers; whether there are any is asked while waiting
                self._look_after_worker()
            job_id = door.submit(request, platform=self._platform, tensors=True)
            self._waited_for.add(job_id)
            return job_id

    def result(self, job_id: str, *, timeout_s: float | None = None) -> Outcome:
        """Wait for a job's outcome, at most `timeout_s` seconds, and forget the job. A late job is cancelled.

        Raises:
            KeyError: no such job, or its outcome was taken already.
        """
        if job_id not in self._waited_for:
            raise KeyError(job_id)
        end = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            while True:
                with self._lock:
                    if job_id in self._arrived:
                        return self._take(job_id)
                    hopeless = self._look_after_worker()
                    if hopeless is not None:
                        self.cancel(job_id)
                        return hopeless
                    left_s = POLL_S if end is None else min(POLL_S, end - time.monotonic())
                    if left_s <= 0:
                        self.cancel(job_id)
                        return _too_late(timeout_s or 0)
                    self._read_stream(left_s)
        except KeyboardInterrupt:
            self.cancel(job_id)
            raise

    def cancel(self, job_id: str) -> None:
        """Forget a job; one that still waits is never computed."""
        self._waited_for.discard(job_id)
        self.door().cancel(job_id)

    def map(self, requests: Iterable[Request], *, in_flight: int | None = None) -> Iterator[Outcome]:
        """The outcomes of many Requests, in their order; `in_flight` are submitted ahead (default: four batches)."""
        ahead = in_flight or 4 * self._settings.batch
        jobs: deque[str] = deque()
        waiting = iter(requests)
        try:
            while True:
                jobs.extend(self.submit(request) for request in islice(waiting, ahead - len(jobs)))
                if not jobs:
                    return
                yield self.result(jobs.popleft())
        finally:
            for job in jobs:
                self.cancel(job)

    def models(self) -> list[ModelRow] | Failure:
        """The worker's catalog; waits for the worker where it is just starting."""
        with self._lock:
            end = time.monotonic() + CATALOG_TIMEOUT_S
            while True:
                hopeless = self._look_after_worker()
                found = self.door().models()
                if not isinstance(found, Failure) or found.code != NO_WORKER or time.monotonic() > end:
                    return found
                if hopeless is not None:
                    return hopeless
                time.sleep(0.05)

    def door(self) -> JobQueue:
        """For questions about how things stand."""
        return self._connection()[2]

    def warm_up(self, tasks: Sequence[Task]) -> None:
        """Let a worker that is started here load the models of these tasks while nobody asks; returns at once."""
        with self._lock:
            self._warm = tuple(tasks)
            self._look_after_worker()

    def close(self) -> None:
        """Stop what was started here; what is unfinished is dropped."""
        with self._lock:
            if not self._closed and self._connected is not None:
                with contextlib.suppress(RedisError):  # where it has gone, nothing of it need be deleted
                    self._connected[1].delete(names.replies(self._platform))
            self._closed = True
            if self._worker is not None:
                self._worker.stop(timeout_s=2.0)
            self._stack.close()

    def _connection(self) -> tuple[str, Redis, JobQueue]:
        with self._lock:
            if self._closed:
                raise RuntimeError("the queue is closed")
            if self._connected is None:
                there = self._redis_url or (running_server(self._state_dir) if self._state_dir else None)
                self._joined = there is not None
                url = there or self._private_server()
                connection = open_blocking(url)
                self._stack.callback(connection.close)
                self._connected = (url, connection, JobQueue(connection, self._queue_settings))
            return self._connected

    def _private_server(self) -> str:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="yomite-"))
        return self._stack.enter_context(EmbeddedRedis(Path(folder), durable=False)).url

    def _look_after_worker(self) -> Failure | None:
        """Start a worker where one is needed; a Failure where there is none and will be none."""
        url, _, door = self._connection()
        if self._joined:
            # A system on this machine starts its workers itself; elsewhere nobody may be coming.
            return no_worker() if self._redis_url and door.workers() == 0 else None
        if self._worker is not None and self._worker.alive:
            return None
        if self._starts >= HOPELESS_STARTS:
            return _worker_died(self._worker)
        self._starts += 1
        self._worker = WorkerProcess(self._settings, redis_url=url, warm_up=self._warm)
        return None

    def _read_stream(self, wait_s: float) -> None:
        """Note which jobs have come to their end, waiting for one at most `wait_s` seconds."""
        connection = self._connection()[1]
        stream = names.replies(self._platform)
        found: Any = connection.xread({stream: self._last_entry}, block=max(1, int(wait_s * 1_000)))
        entries = entries_of(found)
        for entry_id, values in entries:
            self._last_entry = entry_id.decode()
            self._arrived.add(values[b"job"].decode())
        if entries:
            self._starts = 0
            connection.expire(stream, self._queue_settings.answer_ttl_s)

    def _take(self, job_id: str) -> Outcome:
        connection = self._connection()[1]
        self._arrived.discard(job_id)
        self._waited_for.discard(job_id)
        body: Any = connection.get(names.outcome(job_id))
        blobs: Any = connection.mget([names.blob(job_id, index) for index in range(MAX_BLOBS)])
        with connection.pipeline() as pipe:
            pipe.zrem(names.person(self._platform, ""), job_id)
            forget(pipe, job_id)
            pipe.execute()
        return too_late() if body is None else read_outcome(body, blobs)


def running_server(state_dir: Path) -> str | None:
    """The URL of the Redis that a system with this state folder runs, None where none answers."""
    note = state_dir / "redis" / "url"
    try:
        connection = open_blocking(url := note.read_text(encoding="utf-8").strip(), socket_timeout=2)
    except (OSError, ValueError):  # ValueError: it is no address, as where the disk was full
        return None
    try:
        return url if connection.ping() else None
    except RedisError:
        return None
    finally:
        connection.close()


def _worker_died(process: WorkerProcess | None) -> Failure:
    code = "?" if process is None or process.exit_code is None else str(process.exit_code)
    return Failure(
        code="worker_died",
        message=Message(
            ja=f"モデルを動かすプロセスが答えの前に止まりました（終了コード {code}）。もう一度送ると新しく起動します。"
            "続くときは、空きメモリを増やすか YOMITE_MEMORY_BUDGET_MB を小さくしてください。",
            en=f"The process that runs the models stopped before it could answer (exit code {code}). Sending it again starts a new one. "
            "If this goes on, free some memory or lower YOMITE_MEMORY_BUDGET_MB.",
        ),
        details={"exit_code": code, "pid": str(process.pid) if process else "", "stderr": process.last_words() if process else ""},
    )


def _too_late(timeout_s: float) -> Failure:
    return Failure(
        code="timeout",
        message=Message(
            ja=f"{timeout_s:g} 秒たっても答えが出ないので中止しました。文章を短くするか、YOMITE_TIMEOUT_S を大きくしてください。",
            en=f"No answer within {timeout_s:g} s, so it was stopped. Shorten the text or raise YOMITE_TIMEOUT_S.",
        ),
    )

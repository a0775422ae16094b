"""The one door to the workers: submit Requests, get their outcomes back. Importable without torch."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain, count, islice
from threading import Lock
from types import TracebackType
from typing import Any, Protocol, Self, TypeGuard

from engine.contract import ContractError, Failure, Message, Request, Result, Task, outcome_from_json, to_json
from workers.process import WorkerProcess, WorkerSettings

Outcome = Result | Failure
# A worker that dies this often in a row, without one answer in between, will not do better with the next Request.
HOPELESS_DEATHS = 3

__all__ = ["LocalQueue", "ModelRow", "Outcome", "Queue", "WorkerSettings"]


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """One row of the worker's catalog: what answers a task in these languages. `window` counts tokens."""

    task: str
    languages: tuple[str, ...]
    model: str
    revision: str
    licence: str
    window: int


class Queue(Protocol):
    """What the bot knows of a queue; a job is a Request on its way."""

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

    def warm_up(self, tasks: Sequence[Task]) -> None:
        """Ask the worker to load the models of these tasks while it has nothing else to do; returns at once."""

    def close(self) -> None:
        """Stop the worker and drop what is unfinished."""


class LocalQueue:
    """A Queue over one child process, started with the first job and again after it died. Thread-safe."""

    def __init__(self, settings: WorkerSettings | None = None) -> None:
        self._settings = settings or WorkerSettings()
        self._lock = Lock()
        self._ids = count(1)
        self._process: WorkerProcess | None = None
        self._jobs: dict[str, tuple[Future[Any], WorkerProcess | None]] = {}
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def worker_pid(self) -> int | None:
        """The id of the child process, None where none runs."""
        process = self._process
        return process.pid if process else None

    def submit(self, request: Request) -> str:
        """Hand over a Request; returns the id of its job at once.

        Raises:
            RuntimeError: the queue is closed.
        """
        return self._send({"request": to_json(request)})

    def result(self, job_id: str, *, timeout_s: float | None = None) -> Outcome:
        """Wait for a job's outcome, at most `timeout_s` seconds, and forget the job. A late job is cancelled.

        Raises:
            KeyError: no such job, or its outcome was taken already.
        """
        outcome: Outcome = self._wait(job_id, timeout_s=timeout_s)
        return outcome

    def cancel(self, job_id: str) -> None:
        """Forget a job; one that still waits is never computed."""
        with self._lock:
            job = self._jobs.pop(job_id, None)
            if job is not None and job[1] is not None:
                job[1].write({"cancel": job_id})

    def map(self, requests: Iterable[Request], *, in_flight: int | None = None) -> Iterator[Outcome]:
        """The outcomes of many Requests, in their order; `in_flight` are submitted ahead (default: four batches).

        After `HOPELESS_DEATHS` workers died in a row without an answer, the rest gets their Failure at once.
        """
        ahead = in_flight or 4 * self._settings.batch
        jobs: deque[str] = deque()
        deaths: set[str] = set()
        waiting = iter(requests)
        try:
            while len(deaths) < HOPELESS_DEATHS:
                jobs.extend(self.submit(request) for request in islice(waiting, ahead - len(jobs)))
                if not jobs:
                    return
                outcome = self.result(jobs.popleft())
                deaths = deaths | {outcome.details["pid"]} if _died(outcome) else set()
                yield outcome
            for _ in chain(jobs, waiting):
                yield outcome
        finally:
            for job in jobs:
                self.cancel(job)

    def models(self) -> list[ModelRow] | Failure:
        """The worker's catalog, without loading any model."""
        rows: list[ModelRow] | Failure = self._wait(self._send({"question": "models"}), timeout_s=None)
        return rows

    def warm_up(self, tasks: Sequence[Task]) -> None:
        """Ask the worker to load the models of these tasks while it has nothing else to do; returns at once."""
        with self._lock:
            process = self._living_process()
            if process is not None:
                process.write({"warm_up": [str(task) for task in tasks]})

    def close(self) -> None:
        """Stop the worker; jobs that are unfinished get a Failure."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
        if process is not None:
            process.stop()

    def _send(self, line: dict[str, Any]) -> str:
        with self._lock:
            if self._closed:
                raise RuntimeError("the queue is closed")
            job_id = str(next(self._ids))
            future: Future[Any] = Future()
            process = self._living_process()
            self._jobs[job_id] = (future, process)
            written = process is not None and process.write({"job": job_id, **line})
            if not written and not future.done():
                future.set_result(_worker_died(process))
        return job_id

    def _living_process(self) -> WorkerProcess | None:
        if self._process is None or not self._process.alive:
            try:
                self._process = WorkerProcess(self._settings, on_line=self._take, on_death=self._bury)
            except OSError:  # no memory, no process table entry: the job says so, the next one tries again
                self._process = None
        return self._process

    def _wait(self, job_id: str, *, timeout_s: float | None) -> Any:
        with self._lock:
            future, _ = self._jobs[job_id]
        try:
            return future.result(timeout_s)
        except TimeoutError:
            self.cancel(job_id)
            return _too_late(timeout_s or 0)
        except KeyboardInterrupt:
            self.cancel(job_id)
            raise
        finally:
            with self._lock:
                self._jobs.pop(job_id, None)

    def _take(self, line: bytes) -> None:
        """A line of the worker: the outcome of a job that may have been cancelled since."""
        data = json.loads(line)
        outcome = _read(data)
        with self._lock:
            job = self._jobs.get(data["job"])
            if job is not None and not job[0].done():
                job[0].set_result(outcome)

    def _bury(self, process: WorkerProcess) -> None:
        failure = _worker_died(process)
        with self._lock:
            for future, owner in self._jobs.values():
                if owner is process and not future.done():
                    future.set_result(failure)


def _read(data: dict[str, Any]) -> Outcome | list[ModelRow]:
    if "models" in data:
        return [ModelRow(**{**row, "languages": tuple(row["languages"])}) for row in data["models"]]
    try:
        return outcome_from_json(data["outcome"])
    except ContractError as error:
        return Failure(
            code="bad_outcome",
            message=Message(
                ja=f"ワーカーの返答を読めません（{error}）。ボットとワーカーを同じ版にそろえてください。",
                en=f"The worker's answer cannot be read ({error}). Bot and worker must be of the same version.",
            ),
        )


def _died(outcome: Outcome) -> TypeGuard[Failure]:
    return isinstance(outcome, Failure) and outcome.code == "worker_died"


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

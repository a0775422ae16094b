"""What waits for a worker process: filled by the thread that reads its stdin, emptied by the thread that computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition

from engine.contract import Failure, Request, Task


@dataclass(frozen=True)
class Batch:
    """Requests of one task, each with the id of its job, oldest first."""

    jobs: tuple[tuple[str, Request], ...]


@dataclass(frozen=True)
class ModelsQuestion:
    """Somebody wants to see the catalog."""

    job_id: str


@dataclass(frozen=True)
class Refusal:
    """A job that cannot even be read."""

    job_id: str
    failure: Failure


@dataclass(frozen=True)
class WarmUp:
    """A task whose models should be loaded when there is nothing else to do."""

    task: Task


class Mailbox:
    """Waiting jobs. Questions and refusals come before Requests, Requests before warming up. Thread-safe."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._quick: deque[ModelsQuestion | Refusal] = deque()
        self._requests: deque[tuple[str, Request]] = deque()
        self._cold: deque[Task] = deque()

    def add(self, job_id: str, request: Request) -> None:
        with self._changed:
            self._requests.append((job_id, request))
            self._changed.notify()

    def add_quick(self, item: ModelsQuestion | Refusal) -> None:
        with self._changed:
            self._quick.append(item)
            self._changed.notify()

    def warm_up(self, tasks: Sequence[Task]) -> None:
        with self._changed:
            self._cold.extend(tasks)
            self._changed.notify()

    def cancel(self, job_id: str) -> None:
        """Drop a Request that still waits."""
        with self._changed:
            self._requests = deque(job for job in self._requests if job[0] != job_id)

    def take(self, limit: int) -> Batch | ModelsQuestion | Refusal | WarmUp:
        """Wait for something to do and take it: the oldest Request brings at most `limit - 1` others of its task along."""
        with self._changed:
            self._changed.wait_for(lambda: self._quick or self._requests or self._cold)
            if self._quick:
                return self._quick.popleft()
            if self._requests:
                return Batch(self._take_alike(limit))
            return WarmUp(self._cold.popleft())

    def _take_alike(self, limit: int) -> tuple[tuple[str, Request], ...]:
        kind = type(self._requests[0][1])
        taken: list[tuple[str, Request]] = []
        left: deque[tuple[str, Request]] = deque()
        for job in self._requests:
            if len(taken) < limit and type(job[1]) is kind:
                taken.append(job)
            else:
                left.append(job)
        self._requests = left
        return tuple(taken)

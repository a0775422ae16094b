"""Simulates workers at one queue, event by event: what waits is taken in batches of one kind, short before long, as `workers.taking` does."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from workers.taking import MOST_SHORT_IN_A_ROW
from workers.worker import GATHER_S, LONG_SHARE


@dataclass(kw_only=True)
class Job:
    """A question. `work_s` is for a service that asks the job itself how long it takes."""

    at_s: float
    kind: str = ""
    long: bool = False
    work_s: float = 0.0
    answered_s: float = 0.0

    @property
    def took_s(self) -> float:
        """From the question to its answer."""
        return self.answered_s - self.at_s


@dataclass(frozen=True, kw_only=True)
class Service:
    """`batch_s`: how long a worker takes for jobs that it took together. `step_s`: how long it computes a long one before it looks for short ones."""

    batch_s: Callable[[Sequence[Job]], float]
    step_s: float = float("inf")


@dataclass(kw_only=True)
class _Worker:
    short_in_a_row: int = 0
    long: list[Job] = field(default_factory=list)  # what it computes, while it answers short ones in its middle too
    left_s: float = 0.0  # of that
    busy_s: float = 0.0
    doing: list[Job] = field(default_factory=list)


class Queueing:
    """One run. Whose person's turn it is is left out: it changes who waits, not how long all wait. Deterministic."""

    def __init__(self, service: Service, *, workers: int, batch: int) -> None:
        self._service = service
        self._batch = batch
        self._workers = [_Worker() for _ in range(workers)]
        self._idle = deque(range(workers))
        self._waiting: dict[bool, dict[str, deque[tuple[int, Job]]]] = {False: {}, True: {}}
        self._ends: list[tuple[float, int]] = []  # when each busy worker looks up next

    def run(self, jobs: Iterable[Job]) -> float:
        """Answer all of them, which must come in order; returns what share of their time the workers were busy until the last question."""
        now = 0.0
        for number, job in enumerate(jobs):
            self._until(job.at_s)
            now = job.at_s
            self._waiting[job.long].setdefault(job.kind, deque()).append((number, job))
            if self._idle:
                self._next(self._idle.popleft(), now)
        busy_s = sum(worker.busy_s for worker in self._workers) - sum(max(0.0, end - now) for end, _ in self._ends)
        self._until(float("inf"))
        return busy_s / (len(self._workers) * now) if now else 0.0

    def _until(self, moment: float) -> None:
        while self._ends and self._ends[0][0] <= moment:
            now, number = heapq.heappop(self._ends)
            worker = self._workers[number]
            for job in worker.doing:
                job.answered_s = now
            worker.doing = []
            self._next(number, now)

    def _next(self, number: int, now: float) -> None:
        """What a worker that is free, or at the end of a step, does next."""
        worker = self._workers[number]
        if worker.long:
            if jobs := self._take(long=False, most=self._batch):
                self._do(number, now, jobs)
            elif worker.left_s > 0:
                step_s = min(worker.left_s, self._service.step_s)
                worker.left_s -= step_s
                self._busy(number, now, step_s)
            else:
                for job in worker.long:
                    job.answered_s = now
                worker.long = []
                self._next(number, now)
            return
        long_first = worker.short_in_a_row >= MOST_SHORT_IN_A_ROW
        for long in (True, False) if long_first else (False, True):
            jobs = self._take(long=long, most=max(1, self._batch // LONG_SHARE) if long else self._batch)
            if jobs:
                worker.short_in_a_row = 0 if long else worker.short_in_a_row + 1
                if long:
                    worker.long, worker.left_s = jobs, self._service.batch_s(jobs)
                    self._next(number, now)
                else:
                    self._do(number, now, jobs)
                return
        self._idle.append(number)

    def _take(self, *, long: bool, most: int) -> list[Job]:
        """The oldest, and others of its kind."""
        kinds = self._waiting[long]
        oldest = min((kind for kind, some in kinds.items() if some), key=lambda kind: kinds[kind][0][0], default=None)
        if oldest is None:
            return []
        return [kinds[oldest].popleft()[1] for _ in range(min(most, len(kinds[oldest])))]

    def _do(self, number: int, now: float, jobs: list[Job]) -> None:
        self._workers[number].doing = jobs
        gather_s = GATHER_S if 1 < len(jobs) < self._batch else 0.0
        self._busy(number, now, gather_s + self._service.batch_s(jobs))

    def _busy(self, number: int, now: float, seconds: float) -> None:
        self._workers[number].busy_s += seconds
        heapq.heappush(self._ends, (now + seconds, number))

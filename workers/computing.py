"""Computes a batch: all together, or in parts where that goes wrong, so that each job has its own success and failure."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from rq.timeouts import JobTimeoutException

from engine import preemption
from engine.contract import Request, Task
from engine.drawing import Undrawn
from engine.errors import EngineError
from engine.models.memory import ran_out_of_memory
from workers import failures
from workers.carried import Carried, Computed, Ended, Outcome
from workers.limits import time_limit
from workers.observing.meter import NO_METER, Meter

log = logging.getLogger("yomite.worker")

OnProgress = Callable[[int, float], None]
Limit = Callable[[float], AbstractContextManager[None]]  # as `limits.time_limit`


class Answering(Protocol):
    """What a worker needs of `engine.engine.Engine`."""

    def read(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Outcome | Undrawn]:
        """The outcomes of `requests`, in their order, without their pictures."""

    def model_of(self, request: Request) -> str | None:
        """What would answer a request."""

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Any]) -> None:
        """Load what these tasks need."""


class NobodyWaits(Exception):
    """Every job of the batch was cancelled: raised from within the computation to end it."""


def compute(
    jobs: Sequence[Carried],
    engine: Answering,
    watch: Callable[[Sequence[Carried]], OnProgress],
    *,
    urgent: Callable[[], None] | None = None,
    limit: Limit = time_limit,
    meter: Meter = NO_METER,
) -> Iterator[list[Ended | Computed]]:
    """How each job ended, or that its pictures are to be drawn, in parts as they are known.

    No job computes for longer than its own timeout, which `limit` sees to. `watch` gives what is told of the progress of some jobs;
    `urgent` is called between the steps of the computation and may compute other jobs meanwhile. A batch that does not fit into memory
    is computed in halves, one that fails otherwise job by job.
    """
    try:
        with preemption.preempted_by(urgent):
            outcomes = _together(jobs, engine, watch(jobs), limit)
    except NobodyWaits:
        yield [Ended(taken=job.taken) for job in jobs]
        return
    except Exception as error:  # noqa: BLE001  # the edge of the process: whatever went wrong, the person gets an answer
        if len(jobs) == 1:
            yield [to_blame(jobs[0], error)]
            return
        parts = _parts(jobs, error)
        log.warning("a batch of %d jobs failed (%s); they are run in %d parts", len(jobs), type(error).__name__, len(parts))
        meter.split(why="memory" if ran_out_of_memory(error) else "error")
    else:
        yield [_computed(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True)]
        return
    # Not within `except`, where the error would hold on to all that the batch had in memory.
    for part in parts:
        yield from compute(part, engine, watch, urgent=urgent, limit=limit, meter=meter)


def ended(job: Carried, outcome: Outcome, *, blame: str = "") -> Ended:
    """A job with its outcome."""
    return Ended(taken=job.taken, platform=job.platform, outcome=outcome, tensors=job.tensors, blame=blame)


def to_blame(job: Carried, error: Exception) -> Ended:
    """A job that failed by its timeout, for want of memory, or by an error that nobody foresaw."""
    if isinstance(error, JobTimeoutException):
        return ended(job, failures.too_slow(job.timeout_s), blame=f"timeout: not done within {job.timeout_s} s")
    if ran_out_of_memory(error):
        log.warning("job %s: not enough memory for it alone (%s)", job.job_id, type(error).__name__)
        return ended(job, failures.out_of_memory(), blame=f"out_of_memory: {type(error).__name__}")
    # Without the error's own words, which may hold the person's text.
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("job %s: unexpected %s\n%s", job.job_id, type(error).__name__, where)
    return ended(job, failures.unexpected(error), blame=f"internal_error: {type(error).__name__}\n{where}")


def _computed(job: Carried, outcome: Outcome | Undrawn) -> Ended | Computed:
    return Computed(job=job, undrawn=outcome) if isinstance(outcome, Undrawn) else ended(job, outcome)


def _parts(jobs: Sequence[Carried], error: Exception) -> list[Sequence[Carried]]:
    """What to try after a batch of several jobs failed."""
    if ran_out_of_memory(error):
        middle = len(jobs) // 2
        return [jobs[:middle], jobs[middle:]]
    return [[job] for job in jobs]


def _together(jobs: Sequence[Carried], engine: Answering, on_progress: OnProgress, limit: Limit) -> Sequence[Outcome | Undrawn]:
    with limit(min(job.timeout_s for job in jobs)):
        try:
            return engine.read([job.request for job in jobs], on_progress)
        except EngineError as error:
            return [error.as_failure()] * len(jobs)

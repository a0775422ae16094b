"""What a worker tells of its jobs: numbers to the meter, and one line a job to the log. Never a text of a person."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from engine.contract import Failure, Task
from workers.carried import Carried, Computed, Ended, Outcome
from workers.observing.events import log_event
from workers.observing.meter import NO_METER, Meter
from workers.queue.overdue import CODE as TOO_LATE
from workers.taking import Taken

log = logging.getLogger("yomite.worker")

TASKS = frozenset(map(str, Task))


class Telling:
    """One worker's. For any thread."""

    def __init__(self, worker: str, meter: Meter = NO_METER) -> None:
        self._worker = worker
        self._meter = meter

    def known(self, jobs: Sequence[Carried], found: Sequence[Ended], *, looked_up: bool) -> None:
        """Of these jobs, the answers of `found` were known already; `looked_up`: whether they were looked for."""
        if jobs and looked_up:
            self._meter.looked_up(task=_task(jobs[0].taken), hits=len(found), misses=len(jobs) - len(found))
        for each in found:
            self._job(each.taken, each.outcome, batch=0, began=time.time(), computed_s=0.0)

    def computed(self, some: Sequence[Ended | Computed], *, began: float, seconds: float) -> None:
        """These were computed together, for so many seconds. `began`: when they were taken, in seconds since 1970."""
        if some:
            self._meter.batch(task=_task(_taken(some[0])), jobs=len(some))
        for each in some:
            outcome = each.outcome if isinstance(each, Ended) else each.undrawn.result
            self._job(_taken(each), outcome, batch=len(some), began=began, computed_s=seconds)

    def drawn(self, how: Ended, seconds: float) -> None:
        """A job's pictures took so many seconds."""
        self._meter.stage("drawn", task=_task(how.taken), language=_language(how.outcome), seconds=seconds)

    def written(self, some: Sequence[tuple[Ended, bool]], *, seconds: float) -> None:
        """It is written down how these ended, within so many seconds; with each, whether somebody waited for its answer."""
        for each, waited_for in some:
            task, language = _task(each.taken), _language(each.outcome)
            self._meter.stage("written", task=task, language=language, seconds=seconds)
            self._meter.job(task=task, language=language, outcome=_how(each) if waited_for else "cancelled")

    def _job(self, taken: Taken, outcome: Outcome | None, *, batch: int, began: float, computed_s: float) -> None:
        task, language, waited_s = _task(taken), _language(outcome), waited_seconds(taken, until=began)
        self._meter.stage("waited", task=task, language=language, seconds=waited_s)
        if batch:
            self._meter.stage("computed", task=task, language=language, seconds=computed_s)
        if log.isEnabledFor(logging.INFO):
            log_event(
                log,
                "computed",
                id=taken.job_id.decode("utf-8", "replace"),
                task=task,
                language=language or None,
                model=getattr(outcome, "model", None),
                failure=outcome.code if isinstance(outcome, Failure) else None,
                batch=batch or None,
                cached=not batch,
                waited_s=round(waited_s, 4),
                computed_s=round(computed_s, 4),
                worker=self._worker,
            )


def waited_seconds(taken: Taken, *, until: float) -> float:
    """How long a job was in the queue; 0 where it does not say since when."""
    try:
        return max(0.0, until - datetime.fromisoformat(taken.fields[b"enqueued_at"].decode()).timestamp())
    except (KeyError, ValueError):
        return 0.0


def _taken(each: Ended | Computed) -> Taken:
    return each.taken if isinstance(each, Ended) else each.job.taken


def _task(taken: Taken) -> str:
    """What the job says; empty where that is no task, whatever it is."""
    return taken.kind if taken.kind in TASKS else ""


def _language(outcome: Outcome | None) -> str:
    return str(getattr(outcome, "language", ""))


def _how(ended: Ended) -> str:
    """In the words of `Meter.job`."""
    if ended.blame:
        return ended.blame.partition(":")[0]
    if ended.outcome is None:
        return "cancelled"
    if isinstance(ended.outcome, Failure):
        return TOO_LATE if ended.outcome.code == TOO_LATE else "refused"
    return "answered"

"""Takes waiting jobs off the queues so that none is lost: what a worker has taken stays written down until it is finished.

All of it happens inside Redis, in one step each, so that any number of workers can share a queue.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from redis import Redis
from rq.utils import now, utcformat

from workers.queue import names
from workers.taking_scripts import GIVE_BACK, TAKE

WINDOW = 256  # how many jobs at the head of a queue are looked at to see whose turn it is
MOST_KEPT = 4_096  # people of whom it is known when they had their turn; jobs of which it is kept what was read
KEPT_TTL_S = 3_600
MOST_SHORT_IN_A_ROW = 8  # takings; then a long job, if one waits. It does not stop short ones, which are answered in its middle
QUEUE_PREFIX = "rq:queue:"  # RQ's name of a queue's list
MOST_CRASHES = 2  # a job that took so many workers down with it is set aside


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A job that was taken off a queue: its id, its queue's key, and its hash as it lies in Redis."""

    job_id: bytes
    queue_key: str
    fields: dict[bytes, bytes]

    @property
    def queue(self) -> str:
        """The queue's name."""
        return self.queue_key.removeprefix(QUEUE_PREFIX)

    @cached_property
    def kind(self) -> str:
        """The task that the job says it is of; empty where it says none."""
        try:
            task = json.loads(self.fields.get(b"meta", b""))["task"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return ""
        return task if isinstance(task, str) else ""

    @property
    def crashes(self) -> int:
        """How many workers ended while it was their job; 1 where that is not said as a number."""
        try:
            return int(self.fields.get(b"crashes", b"0"))
        except ValueError:
            return 1


class Taker:
    """Takes jobs for one worker."""

    def __init__(self, connection: Redis, worker: str) -> None:
        self._worker = worker
        self._own = names.taken(worker)
        self._take = connection.register_script(TAKE)
        self._give_back = connection.register_script(GIVE_BACK)
        self._short_in_a_row = 0

    def take(self, most: dict[str, int], *, kinds: Sequence[str] = ()) -> list[Taken]:
        """Take waiting jobs of one kind from the most urgent queue that has any; each person in turn gives one, their oldest first.

        Args:
            most: how many at most, for each queue's name; 0 leaves it alone.
            kinds: the tasks that it may be; none: whatever comes, also jobs that say no task and those that ended a worker.
        """
        queues = [name for name in names.QUEUES if most.get(name, 0) > 0]
        long_first = len(queues) > 1 and self._short_in_a_row >= MOST_SHORT_IN_A_ROW
        ordered = queues[::-1] if long_first else queues
        keys = [self._own, names.TAKERS, names.TURNS, names.HEADS, *(QUEUE_PREFIX + name for name in ordered)]
        limits = [most[name] for name in ordered]
        wanted = "|".join(["", *kinds, ""]) if kinds else ""
        taken = _read(self._take(keys=keys, args=[self._worker, WINDOW, utcformat(now()), MOST_KEPT, KEPT_TTL_S, wanted, *limits]))
        if len(queues) > 1:
            self._short_in_a_row = self._short_in_a_row + 1 if taken and taken[0].queue == names.SHORT else 0
        return taken

    def give_back(self) -> None:
        """Put back what this worker has taken and not finished, before all that waits."""
        self._return(self._worker, most_crashes=0)

    def take_over(self, dead_worker: str) -> list[Taken]:
        """Put back what a worker had taken when it died; returns the jobs that have crashed too often, now taken by this worker.

        For one that had been told to stop no crash is counted.
        """
        return self._return(dead_worker, most_crashes=MOST_CRASHES)

    def _return(self, worker: str, *, most_crashes: int) -> list[Taken]:
        keys = [names.taken(worker), names.TAKERS, self._own, names.BELL, names.leaving(worker), names.TURNS, names.HEADS]
        return _read(self._give_back(keys=keys, args=[worker, self._worker, most_crashes]))


def _read(rows: Sequence[Any]) -> list[Taken]:
    found = []
    for queue, job_id, flat in rows:
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        found.append(Taken(job_id=job_id, queue_key=queue.decode(), fields=fields))
    return found

"""Tells people how far their long jobs are, and ends a batch for which nobody waits any more."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence

from redis import Redis
from redis.exceptions import RedisError

from workers.carried import Carried
from workers.computing import NobodyWaits, OnProgress
from workers.queue import names
from workers.queue.replies import ReplyWriter

QUIET_S = 1.0  # a job that is done sooner says nothing
EVERY_S = 0.5


def cancelled(jobs: Sequence[Carried], connection: Redis) -> list[bool]:
    """For which jobs nobody waits any more."""
    return [mark is not None for mark in connection.mget([names.cancelled(job.job_id) for job in jobs])]


class Watch:
    """Hears of the progress of a batch."""

    def __init__(
        self, jobs: Sequence[Carried], connection: Redis, replies: ReplyWriter, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs = jobs
        self._redis = connection
        self._replies = replies
        self._clock = clock
        self._shares = [0.0] * len(jobs)
        self._next = clock() + QUIET_S

    def __call__(self, index: int, share: float) -> None:
        """Job `index` of the batch is so far.

        Raises:
            NobodyWaits: all jobs of the batch are cancelled.
        """
        # A task may pass through its texts more than once: what was told is never taken back.
        self._shares[index] = max(self._shares[index], share)
        if self._clock() < self._next:
            return
        with contextlib.suppress(RedisError):  # the answers matter, not this
            self._tell()
        self._next = self._clock() + EVERY_S

    def _tell(self) -> None:
        gone = cancelled(self._jobs, self._redis)
        if all(gone):
            raise NobodyWaits
        with self._redis.pipeline(transaction=False) as pipe:
            for job, share, is_gone in zip(self._jobs, self._shares, gone, strict=True):
                if job.platform and not is_gone and 0.0 < share < 1.0:
                    self._replies.write_progress(job.job_id, platform=job.platform, share=round(share, 3), pipe=pipe)
            pipe.execute()


def watching(connection: Redis, replies: ReplyWriter) -> Callable[[Sequence[Carried]], OnProgress]:
    """What `computing.compute` asks for."""
    return lambda jobs: Watch(jobs, connection, replies)

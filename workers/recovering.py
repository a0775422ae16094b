"""Looks after the jobs of workers that died: they are run again, and those that took several workers down are set aside."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from redis import Redis

from workers import failures
from workers.books import Books
from workers.carried import Carried, Ended, read
from workers.liveness import dead_takers
from workers.observing.meter import NO_METER, Meter
from workers.queue import names
from workers.taking import MOST_CRASHES, Taken, Taker

log = logging.getLogger("yomite.worker")

EVERY_S = 3.0  # how often to look for jobs of dead workers


class Recovery:
    """One worker's. For any thread: the worker looks between its batches, its heartbeat while it computes."""

    def __init__(
        self,
        connection: Redis,
        *,
        worker: str,
        taker: Taker,
        books: Books,
        on_trouble: Callable[[], None],
        meter: Meter = NO_METER,
    ) -> None:
        """`on_trouble` is called where this worker may have been left with jobs of a dead one that nobody has set aside."""
        self._redis = connection
        self._worker = worker
        self._taker = taker
        self._books = books
        self._on_trouble = on_trouble
        self._meter = meter
        self._next = 0.0
        self._looking = Lock()

    def look(self) -> None:
        """Put back what dead workers had taken; nothing where somebody looks just now or a moment ago."""
        if self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()

    def set_aside(self, taken: Sequence[Taken]) -> None:
        """Give up jobs that workers died of; their people are told."""
        for each in taken:
            log.error("job %s is set aside: workers ended while they computed it", each.job_id.decode("utf-8", "replace"))
            job = read(each)
            outcome = failures.worker_died() if isinstance(job, Carried) else job.outcome
            blame = f"worker_died: {MOST_CRASHES} workers ended while they computed it"
            self._books.finish([Ended(taken=each, platform=job.platform, outcome=outcome, blame=blame)])

    def _look(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY_S * random.uniform(0.8, 1.2)
        for worker in dead_takers(self._redis, but=self._worker):
            log.warning("worker %s is gone; its jobs are run again", worker)
            held: Any = self._redis.hlen(names.taken(worker))
            try:
                aside = self._taker.take_over(worker)
                self._meter.worker_gone(put_back=max(0, held - len(aside)))
                self.set_aside(aside)
            except Exception:
                self._on_trouble()
                raise

"""The pace of progress: how far a long reading is, shown not too often and never over its answer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

EVERY_S = 2.0
REMEMBERED = 1_000  # jobs


class ProgressLine:
    """Sees to it that progress is shown at a bearable pace, and never over an answer."""

    def __init__(self) -> None:
        self._shown: OrderedDict[str, float] = OrderedDict()
        self._running: dict[str, asyncio.Task[None]] = {}

    async def show(self, job_id: str, change: Callable[[], Awaitable[None]]) -> None:
        now = time.monotonic()
        if job_id in self._running or now - self._shown.get(job_id, float("-inf")) < EVERY_S:
            return
        self._remember(job_id, now)
        task = asyncio.ensure_future(change())
        self._running[job_id] = task
        try:
            await task
        finally:
            self._running.pop(job_id, None)

    async def end(self, job_id: str) -> None:
        """From now on nothing is shown for this job; waits for what is on its way."""
        self._remember(job_id, float("inf"))
        if (task := self._running.get(job_id)) is not None:
            with contextlib.suppress(Exception):  # whoever shows it sees its error
                await asyncio.shield(task)

    def _remember(self, job_id: str, when: float) -> None:
        self._shown[job_id] = when
        self._shown.move_to_end(job_id)
        while len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)

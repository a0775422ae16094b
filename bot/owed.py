"""Remembers whom this bot owes an answer, so that they can be told where Redis has forgotten the question, and whom it has refused one."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

REMEMBERED = 10_000  # jobs of one platform


class Owed:
    """One platform's jobs that this process handed over and has not seen answered, with their addresses."""

    def __init__(self) -> None:
        self._addresses: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._refused: OrderedDict[str, None] = OrderedDict()

    def add(self, job_id: str, address: dict[str, Any]) -> None:
        """Somebody waits for this job."""
        self._addresses[job_id] = address
        while len(self._addresses) > REMEMBERED:
            self._addresses.popitem(last=False)

    def drop(self, job_id: str) -> dict[str, Any] | None:
        """Nobody waits for it any more; its address, where somebody did."""
        return self._addresses.pop(job_id, None)

    def refuse(self, job_id: str) -> None:
        """Its person was told that it was not taken. Redis may have taken it all the same: then its answer comes too late."""
        self._refused[job_id] = None
        while len(self._refused) > REMEMBERED:
            self._refused.popitem(last=False)

    def is_refused(self, job_id: str) -> bool:
        """Whether its person was told that it was not taken."""
        return job_id in self._refused

    @property
    def jobs(self) -> list[str]:
        """The ids of all of them, oldest first."""
        return list(self._addresses)

"""Remembers whom this bot owes an answer, so that they can be told where Redis has forgotten the question."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

REMEMBERED = 10_000  # jobs of one platform


class Owed:
    """One platform's jobs that this process handed over and has not seen answered, with their addresses."""

    def __init__(self) -> None:
        self._addresses: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def add(self, job_id: str, address: dict[str, Any]) -> None:
        """Somebody waits for this job."""
        self._addresses[job_id] = address
        while len(self._addresses) > REMEMBERED:
            self._addresses.popitem(last=False)

    def drop(self, job_id: str) -> dict[str, Any] | None:
        """Nobody waits for it any more; its address, where somebody did."""
        return self._addresses.pop(job_id, None)

    @property
    def jobs(self) -> list[str]:
        """The ids of all of them, oldest first."""
        return list(self._addresses)

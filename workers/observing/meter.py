"""What a worker's parts tell of their work, so that it can be measured. This one measures nothing; `worker_metrics` has one that does."""

from __future__ import annotations

from typing import Literal

WorkStage = Literal["waited", "computed", "drawn", "written"]


class Meter:
    """For any thread. Nothing here asks Redis, and nothing is told of a text.

    `task` and `language` are as the contract has them; the language is empty where a job has none. Seconds may be of a clock that was
    set meanwhile: below 0 counts as 0.
    """

    def batch(self, *, task: str, jobs: int) -> None:
        """So many jobs are computed together."""

    def stage(self, stage: WorkStage, *, task: str, language: str, seconds: float) -> None:
        """A job has been waiting in the queue, computed, drawn, or written down with its answer, for so long."""

    def job(self, *, task: str, language: str, outcome: str) -> None:
        """A job has ended: "answered", "cancelled", "refused" (the person was told why), or by what it is blamed for."""

    def looked_up(self, *, task: str, hits: int, misses: int) -> None:
        """Answers were looked for that may be given again."""

    def split(self, *, why: Literal["memory", "error"]) -> None:
        """A batch failed as a whole and is computed in parts."""

    def worker_gone(self, *, put_back: int) -> None:
        """Another worker was found dead; so many of its jobs were put back."""


NO_METER = Meter()

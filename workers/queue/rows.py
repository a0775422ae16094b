"""What the queue says about itself: the models behind it, how things stand, and single jobs. Nothing here holds a text of a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

JobState = Literal["failed", "waiting", "running"]


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """One row of the worker's catalog: what answers a task in these languages. `window` counts tokens."""

    task: str
    languages: tuple[str, ...]
    model: str
    revision: str
    licence: str
    window: int


@dataclass(frozen=True, kw_only=True)
class WorkerRow:
    """One worker that is alive. Ages in seconds; `done` and `failed` count its jobs since it was started.

    `version` is Yomite's, which may be another one than here; it, `profile` and `device` are empty where the worker does not say them.
    `models` names those of the catalog that it has in memory; None where it does not say.
    `runs` counts the jobs that it has taken and not finished, of `task` (several joined by commas), since `since_s`.
    """

    name: str
    version: str = ""
    profile: str = ""
    device: str = ""
    models: tuple[str, ...] | None = None
    busy: bool = False
    runs: int = 0
    task: str = ""
    since_s: float = 0.0
    done: int = 0
    failed: int = 0
    heard_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class QueueStatus:
    """How things stand. Ages in seconds."""

    waiting: int
    running: int
    workers: int
    oldest_s: float  # how long the oldest waiting job has waited; 0 where none waits
    waiting_long: int = 0  # of those that wait, how many have long texts
    failed: int = 0  # jobs that are kept for operators
    undelivered: int = 0  # answers that no platform has taken yet
    finished: int = 0  # about how many jobs were finished within the last minute
    crew: tuple[WorkerRow, ...] = ()  # the workers one by one, the busy ones first


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """One job as operators see it. `age_s`: how long it has been in this state, in seconds; `why` is said of failed ones only.

    `task` and `platform` are empty where the job does not say them in words that are known here.
    """

    job_id: str
    state: JobState
    task: str
    platform: str
    age_s: float
    why: str
    tries: int

"""What the queue says about itself: the models behind it, and how things stand."""

from __future__ import annotations

from dataclasses import dataclass


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
class QueueStatus:
    """How things stand. Ages in seconds."""

    waiting: int
    running: int
    workers: int
    oldest_s: float  # how long the oldest waiting job has waited; 0 where none waits

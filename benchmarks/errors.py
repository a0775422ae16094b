"""What a benchmark cannot measure, or must not."""

from __future__ import annotations

from engine.errors import EngineError


class BenchmarkError(EngineError):
    """A benchmark cannot run, or its contestants do not compute the same; `message` says what was wrong and what would be right."""

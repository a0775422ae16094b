"""Puts the questions of an evaluation to an engine, long ones first, and keeps count of what it could not answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from engine.contract import Failure, Request, Result
from engine.errors import EngineError

# Requests that go to the engine together: enough for batches of like length, little enough for a moving progress bar.
REQUESTS_AT_ONCE = 128

Progress = Callable[[int, int], None]  # (requests done, requests in all)
_Answer = TypeVar("_Answer", bound=Result)


class Answering(Protocol):
    """What is measured: an Engine, or anything else that answers as one."""

    def run(self, requests: Sequence[Request]) -> Sequence[Result | Failure]:
        """One outcome a request, in order."""


class Asking:
    """What was asked of one engine, by which models it answered, and how often it could not."""

    def __init__(self, engine: Answering, *, model: str | None, at_once: int, progress: Progress | None) -> None:
        self._engine = engine
        self._at_once = at_once
        self._progress = progress
        self.model = model
        self.models: set[str] = set()
        self.failures: Counter[str] = Counter()

    def answers(self, requests: Sequence[Request], kind: type[_Answer], *, length: Callable[[int], int]) -> list[_Answer | None]:
        """One answer a request, in order; None where there is none. `length(i)` is request i's, in characters.

        Raises:
            EngineError: not one of the first requests was answered.
        """
        order = sorted(range(len(requests)), key=length, reverse=True)
        answers: list[_Answer | None] = [None] * len(requests)
        for start in range(0, len(order), self._at_once):
            indices = order[start : start + self._at_once]
            outcomes = self._engine.run([requests[i] for i in indices])
            self._stop_if_none_answered(outcomes, first=start == 0)
            for index, outcome in zip(indices, outcomes, strict=True):
                answers[index] = self._count(outcome, kind)
            if self._progress:
                self._progress(start + len(indices), len(order))
        return answers

    def _count(self, outcome: Result | Failure, kind: type[_Answer]) -> _Answer | None:
        if isinstance(outcome, Failure):
            self.failures[outcome.code] += 1
            return None
        if not isinstance(outcome, kind):
            raise TypeError(f"expected {kind.__name__} from the engine, got {type(outcome).__name__}")
        self.models.add(outcome.model)
        return outcome

    def _stop_if_none_answered(self, outcomes: Sequence[Result | Failure], *, first: bool) -> None:
        """A missing model fails every row alike: say so at once rather than score nothing."""
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        if first and len(failures) == len(outcomes):
            raise EngineError(failures[0].code, ja=failures[0].message.ja, en=failures[0].message.en, **failures[0].details)

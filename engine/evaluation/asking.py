"""Puts the questions of an evaluation to an engine, long ones first, and keeps count of what it could not answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from engine.contract import Failure, Request, Result
from engine.errors import EngineError

# Requests that go to the engine together: enough for batches of like length, little enough for a moving progress bar.
REQUESTS_AT_ONCE = 128
# What is wrong with a model or the catalog, and so with every row alike. Other codes may be of a row alone, as of a text too long.
OF_THE_MODEL = frozenset(
    {
        "adapter_not_found",
        "adapter_without_base",
        "config_unreadable",
        "description_unreadable",
        "download_failed",
        "head_missing",
        "hub_unreachable",
        "model_changed",
        "model_half_fetched",
        "model_missing",
        "model_not_found",
        "model_unreadable",
        "no_model",
        "no_such_device",
        "no_such_model",
        "sums_unreadable",
        "tokenizer_damaged",
        "tokenizer_needs_dictionary",
        "tokenizer_needs_package",
        "tokenizer_needs_program",
        "tokenizer_unclear",
        "tokenizer_unknown",
        "unknown_labels",
        "unsafe_checkpoint",
        "unsupported_module",
    }
)

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
            EngineError: none was answered. What is wrong with the model is said after the first of them.
        """
        order = sorted(range(len(requests)), key=length, reverse=True)
        answers: list[_Answer | None] = [None] * len(requests)
        failed: list[Failure] = []
        for start in range(0, len(order), self._at_once):
            indices = order[start : start + self._at_once]
            outcomes = self._engine.run([requests[i] for i in indices])
            for index, outcome in zip(indices, outcomes, strict=True):
                answers[index] = self._count(outcome, kind)
            failed += [outcome for outcome in outcomes if isinstance(outcome, Failure)]
            _stop_if_vain(failed, asked=start + len(indices), of=len(order))
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


def _stop_if_vain(failed: Sequence[Failure], *, asked: int, of: int) -> None:
    """Score nothing where no request was answered; what fails every row alike is said at once, and not after all of them.

    Raises:
        EngineError: the failure that says why, one of the model before one of a row.
    """
    if len(failed) < asked:
        return
    worst = next((failure for failure in failed if failure.code in OF_THE_MODEL), failed[0])
    if asked == of or worst.code in OF_THE_MODEL:
        raise EngineError(worst.code, ja=worst.message.ja, en=worst.message.en, **worst.details)

"""An answer as a thumb is about it: the Request and the Result, of the commands that a model can be trained for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from engine.contract import (
    AskRequest,
    AskResult,
    ContractError,
    NerRequest,
    NerResult,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
    Task,
    outcome_from_json,
    request_from_json,
    task_of,
    to_json,
)

VERSION = 1
TASKS = (Task.SENTIMENT, Task.NER, Task.ASK, Task.SIMILAR)
LearnableRequest = SentimentRequest | NerRequest | AskRequest | SimilarRequest
LearnableResult = SentimentResult | NerResult | AskResult | SimilarResult


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What was asked and answered on a platform; the Result is of the Request's task."""

    platform: str
    request: LearnableRequest
    result: LearnableResult

    @property
    def task(self) -> Task:
        return task_of(self.request)

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return {"version": VERSION, "platform": self.platform, "request": to_json(self.request), "result": to_json(self.result)}


def answered_of(platform: str, request: object, outcome: object) -> Answered | None:
    """The answer, without its pictures; None for failures, and for what no model is trained to do."""
    if not isinstance(request, LearnableRequest) or not isinstance(outcome, LearnableResult) or task_of(request) != task_of(outcome):
        return None
    result = replace(outcome, images=()) if isinstance(outcome, SimilarResult) else outcome
    return Answered(platform=platform, request=request, result=result)


def answered_from_json(data: dict[str, Any]) -> Answered:
    """Read the JSON form.

    Raises:
        ContractError: not of this version.
    """
    if data.get("version") != VERSION:
        raise ContractError(f"version: got {data.get('version')!r}, allowed is {VERSION}")
    found = answered_of(str(data["platform"]), request_from_json(data["request"]), outcome_from_json(data["result"]))
    if found is None:
        raise ContractError("not an answer that a model can be trained by")
    return found

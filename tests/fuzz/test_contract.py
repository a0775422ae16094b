"""Whatever lies in Redis in the place of a Request, a Result or a job is one, or is refused with the one error for it."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from engine.contract import (
    REQUEST_TYPES,
    Answer,
    AskResult,
    ContractError,
    Entity,
    Failure,
    Image,
    Message,
    NerResult,
    SentenceSentiment,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
    Task,
    outcome_from_json,
    request_from_json,
    to_json,
)
from tests.fuzz.inputs import BYTES, DEEP, JSON, TEXTS, fuzzed, mutated
from workers.carried import Carried, Ended, read
from workers.queue.job import SERIALIZER, ForbiddenJob, request_in
from workers.queue.names import FUNCTION
from workers.taking import Taken

PICTURE = Image(name="a.png", media_type="image/png", width_px=1, height_px=1, alt=Message(ja="図", en="map"), data=b"png")
FOUND = Answer(start=0, end=1, text="猫", score=0.5, sentence_start=0, sentence_end=1)
OUTCOMES = (
    NerResult(language="ja", model="m", entities=(Entity(start=0, end=1, text="猫", label="PER", score=0.9),)),
    AskResult(language="en", model="m", answer=FOUND, no_answer_score=0.1, candidates=(FOUND,)),
    SimilarResult(language="en", model="m", matrix=((1.0,),), ranking=(), pooling="mean", images=(PICTURE,)),
    SentimentResult(
        language="ja",
        model="m",
        label="positive",
        probability=0.9,
        probabilities={"positive": 0.9},
        sentences=(SentenceSentiment(start=0, end=1, label="positive", probability=0.9),),
        notes=(Message(ja="注", en="note"),),
    ),
    Failure(code="c", message=Message(ja="だめ", en="no"), details={"a": "b"}),
)
FIELDS: dict[str, Any] = {"text": "猫です", "question": "誰？", "context": "猫だ", "texts": ["猫", "a cat"]}
REQUESTS = [
    {"version": 1, "task": str(task), **{name: value for name, value in FIELDS.items() if name in kind.__dataclass_fields__}}
    for task, kind in REQUEST_TYPES.items()
]
LIKE_REQUESTS = st.sampled_from(REQUESTS).flatmap(mutated) | JSON
LIKE_OUTCOMES = st.sampled_from([to_json(outcome) for outcome in OUTCOMES]).flatmap(mutated) | JSON
DEEPLY = "[" * DEEP + "]" * DEEP


def as_it_travels(value: Any) -> Any:
    """What JSON makes of it: NaN and whole numbers of any length are in what Python writes and reads."""
    return json.loads(json.dumps(value))


@given(LIKE_REQUESTS)
@fuzzed(of=3)
def test_json_is_a_request_or_refused(data: Any) -> None:
    try:
        request = request_from_json(as_it_travels(data))
    except ContractError:
        return
    assert request_from_json(as_it_travels(to_json(request))) == request


@given(LIKE_OUTCOMES)
@fuzzed(of=3)
def test_json_is_a_result_or_refused(data: Any) -> None:
    try:
        outcome = outcome_from_json(as_it_travels(data))
    except ContractError:
        return
    again = outcome_from_json(as_it_travels(to_json(outcome)))
    assert again == outcome or any(math.isnan(number) for number in _numbers(to_json(outcome)))


@given(BYTES | JSON.map(lambda value: json.dumps(value).encode()) | LIKE_REQUESTS.map(lambda data: job_of(as_it_travels(data))))
@fuzzed(of=2)
def test_the_bytes_of_a_job_are_a_request_or_forbidden(data: bytes) -> None:
    with contextlib.suppress(ForbiddenJob):
        request_in(data)


@given(
    st.dictionaries(st.sampled_from([b"data", b"meta", b"timeout", b"status", b"crashes"]), BYTES | st.integers().map(lambda n: b"%d" % n)),
    BYTES,
)
@fuzzed(of=2)
def test_whatever_a_worker_takes_is_carried_or_ended(fields: dict[bytes, bytes], job_id: bytes) -> None:
    assert isinstance(read(Taken(job_id=job_id, queue_key="rq:queue:yomite-short", fields=fields)), Carried | Ended)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"version": 1, "task": "ner", "text": DEEPLY}, id="text"),
        pytest.param({"version": 1, "task": "similar", "texts": DEEPLY}, id="texts"),
        pytest.param({"version": 1, "task": "x" * 4 * 2**20}, id="task"),
        pytest.param({"version": 1, "task": "ner", "text": "猫", "k" * 4 * 2**20: 1}, id="key"),
    ],
)
def test_what_is_huge_is_a_request_or_refused(data: dict[str, Any]) -> None:
    with contextlib.suppress(ContractError):
        request_from_json(data)


@given(st.lists(TEXTS, min_size=2, max_size=3))
@fuzzed()
def test_a_request_of_any_texts_arrives_as_it_was_given(texts: list[str]) -> None:
    for request in (SimilarRequest(texts=tuple(texts)), SentimentRequest(text=texts[0])):
        assert request_in(job_of(to_json(request))) == request


def job_of(request: Any) -> bytes:
    data: bytes = SERIALIZER.dumps((FUNCTION, None, [], {"request": request}))
    return data


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for part in value for number in _numbers(part)]
    return [value] if isinstance(value, float) else []


def test_every_task_is_among_the_requests() -> None:
    assert {request["task"] for request in REQUESTS} == set(Task)

"""The same question to the same model is answered from the cache, for as long as it is set."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from engine.catalog import Catalog
from engine.contract import (
    EmbedResult,
    ExplainAttentionRequest,
    ExplainAttentionResult,
    Failure,
    Language,
    Message,
    NerRequest,
    Request,
    SentimentRequest,
)
from engine.engine import Engine
from engine.models.cache import ModelCache
from tests.support.working import PLATFORM, RecordingEngine, answered, outcome_of, work_off
from workers.answer_cache import LARGEST_BYTES, AnswerCache
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue

TEXTS = ["この映画は本当に素晴らしかった。", "I love this service."]


def ask(redis: Redis, queue: JobQueue, engine: RecordingEngine, request: Request, *, cache_ttl_s: int = 60) -> str:
    job = queue.submit(request, platform=PLATFORM)
    work_off(redis, engine, settings=QueueSettings(cache_ttl_s=cache_ttl_s))
    return job


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_question_is_computed_once(redis: Redis, queue: JobQueue, text: str) -> None:
    engine = RecordingEngine()
    first, second = (ask(redis, queue, engine, SentimentRequest(text=text)) for _ in range(2))
    assert engine.texts == [[text]]
    assert answered(redis) == [first, second]
    assert outcome_of(redis, first) == outcome_of(redis, second)
    [key] = redis.keys(names.cached("*"))
    assert 0 < redis.ttl(key) <= 60
    assert text.encode() not in key


@pytest.mark.parametrize(
    "other",
    [
        SentimentRequest(text="良い!"),
        SentimentRequest(text="良い", language="ja"),
        SentimentRequest(text="良い", model="another"),
        NerRequest(text="良い"),
    ],
)
def test_another_question_is_computed(redis: Redis, queue: JobQueue, other: Request) -> None:
    engine = RecordingEngine()
    ask(redis, queue, engine, SentimentRequest(text="良い"))
    ask(redis, queue, engine, other)
    assert len(engine.batches) == 2


def test_another_model_answers_anew(redis: Redis, queue: JobQueue) -> None:
    engine = RecordingEngine()
    ask(redis, queue, engine, SentimentRequest(text="良い"))
    engine.model = "model-2"
    ask(redis, queue, engine, SentimentRequest(text="良い"))
    assert len(engine.batches) == 2


@pytest.mark.parametrize(("ttl_s", "model"), [(0, "model-1"), (60, None)])
def test_nothing_is_kept_where_it_is_turned_off_or_no_model_is_known(redis: Redis, queue: JobQueue, ttl_s: int, model: str | None) -> None:
    engine = RecordingEngine(model=model)
    for _ in range(2):
        ask(redis, queue, engine, SentimentRequest(text="良い"), cache_ttl_s=ttl_s)
    assert len(engine.batches) == 2
    assert redis.keys(names.cached("*")) == []


def test_failures_and_very_large_answers_are_not_kept(redis: Redis) -> None:
    cache = AnswerCache(redis, ttl_s=60)
    failure = Failure(code="empty_text", message=Message(ja="空です", en="empty"))
    vectors = tuple((0.1234567,) * 1_000 for _ in range(200))
    large = EmbedResult(language="en", model="m", vectors=vectors, width=1_000, pooling="mean")
    with redis.pipeline() as pipe:
        cache.keep("a", failure, pipe)
        cache.keep("b", large, pipe)
        assert len(pipe) == 0
        cache.keep("c", replace(large, vectors=((1.0,),), width=1), pipe)
        assert len(pipe) == 1
    assert LARGEST_BYTES < 200 * 1_000 * 9


def test_an_answer_that_another_version_kept_is_computed_anew(redis: Redis, queue: JobQueue) -> None:
    engine = RecordingEngine()
    ask(redis, queue, engine, SentimentRequest(text="良い"))
    [key] = redis.keys(names.cached("*"))
    for body in ('{"version": 0, "task": "sentiment"}', "rubbish", "[]"):
        redis.set(key, body)
        ask(redis, queue, engine, SentimentRequest(text="良い"))
    assert len(engine.batches) == 4


@pytest.mark.parametrize("text", TEXTS)
def test_large_arrays_come_only_where_they_are_asked_for_and_are_never_cached(
    redis: Redis, queue: JobQueue, tiny_engine: Engine, text: str
) -> None:
    request = ExplainAttentionRequest(text=text)
    without, again, whole = (queue.submit(request, platform=PLATFORM, tensors=tensors, job_id=job_id) for job_id, tensors in JOBS)
    for _ in JOBS:
        work_off(redis, tiny_engine, batch=1)
    found = [outcome_of(redis, job) for job in (without, again, whole)]
    results = [outcome for outcome in found if isinstance(outcome, ExplainAttentionResult)]
    assert len(results) == 3
    assert [bool(result.attention.data) for result in results] == [False, False, True]
    assert all(result.images[0].data.startswith(b"\x89PNG") for result in results)
    assert results[0] == results[1]
    assert len(redis.keys(names.cached("*"))) == 1


def test_weights_that_were_written_anew_are_another_model(tiny_pack: Path, tmp_path: Path) -> None:
    pack = tmp_path / "models"
    shutil.copytree(tiny_pack, pack)

    def model() -> str | None:
        return Engine(Catalog.load(models_dir=pack), ModelCache(memory_budget_bytes=1, device="cpu", precision="fp32")).model_of(
            SentimentRequest(text="良い")
        )

    before = model()
    assert model() == before
    os.utime(pack / "sentiment" / "adapter_model.safetensors", (1, 1))
    assert model() != before


JOBS = (("without", False), ("again", False), ("whole", True))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_engine_says_what_would_answer(tiny_engine: Engine, language: Language) -> None:
    text = TEXTS[0] if language == "ja" else TEXTS[1]
    sentiment = tiny_engine.model_of(SentimentRequest(text=text))
    assert sentiment == tiny_engine.model_of(SentimentRequest(text=text, language=language))
    assert sentiment is not None
    assert "sentiment" in sentiment
    assert sentiment != tiny_engine.model_of(NerRequest(text=text))
    assert tiny_engine.model_of(SentimentRequest(text="")) is None
    assert tiny_engine.model_of(SentimentRequest(text=text, model="no/such/model/anywhere")) is None

"""A worker's work is counted exactly, and no label can be anything that nobody knows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from redis import Redis

from engine.catalog import Catalog
from engine.contract import Failure, Message, NerRequest, Request, SentimentRequest, Task
from engine.drawing import Undrawn
from engine.models.cache import ModelCache
from tests.support.looking import CANARIES, samples_of
from tests.support.working import RecordingEngine, answer_to, until
from workers.computing import OnProgress
from workers.observing.worker_metrics import OTHER, UNKNOWN, ModelsCollector, ModelsHeld, WorkerMetrics
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.settings import QueueSettings
from workers.worker import BatchingWorker


def work_off(redis: Redis, engine: object, *, cache_ttl_s: int = 0) -> dict[tuple[str, ...], float]:
    """Let a worker answer all that waits; what was measured of it, but for the process and the bounds of histograms."""
    registry = CollectorRegistry()
    settings = QueueSettings(cache_ttl_s=cache_ttl_s)
    worker = BatchingWorker(redis, engine, batch=8, settings=settings, meter=WorkerMetrics(registry))  # type: ignore[arg-type]  # a part of one
    worker.work(burst=True)
    return {name: value for name, value in samples_of(registry).items() if name[0].startswith("yomite") and "_bucket" not in name[0]}


def ask(queue: JobQueue, *requests: Request) -> list[str]:
    return [queue.submit(request, platform="test") for request in requests]


def failing(on: str, error: Exception) -> Callable[[str], None]:
    def fail(text: str) -> None:
        if text == on:
            raise error

    return fail


def test_batches_stages_and_outcomes_are_counted_by_task_and_language(redis: Redis, queue: JobQueue) -> None:
    ask(queue, *(SentimentRequest(text=text) for text in ("良い", "good", "悪い")), NerRequest(text="京都"))
    found = work_off(redis, RecordingEngine())
    assert (found["yomite_batch_jobs_count", "sentiment"], found["yomite_batch_jobs_sum", "sentiment"]) == (1.0, 3.0)
    assert (found["yomite_batch_jobs_count", "ner"], found["yomite_batch_jobs_sum", "ner"]) == (1.0, 1.0)
    for stage in ("waited", "computed", "written"):
        assert found["yomite_worker_stage_seconds_count", "en", stage, "sentiment"] == 3.0
        assert 0.0 <= found["yomite_worker_stage_seconds_sum", "en", stage, "sentiment"] < 180.0
    assert (found["yomite_jobs_total", "en", "answered", "sentiment"], found["yomite_jobs_total", "en", "answered", "ner"]) == (3.0, 1.0)
    assert not [name for name in found if name[0].startswith("yomite_answer_cache")]  # nothing is kept, so nothing is missed


def test_answers_that_are_given_again_are_hits(redis: Redis, queue: JobQueue) -> None:
    ask(queue, SentimentRequest(text="同じ"))
    first = work_off(redis, RecordingEngine(), cache_ttl_s=60)
    ask(queue, SentimentRequest(text="同じ"), SentimentRequest(text="other"))
    second = work_off(redis, RecordingEngine(), cache_ttl_s=60)
    assert (first["yomite_answer_cache_hits_total", "sentiment"], first["yomite_answer_cache_misses_total", "sentiment"]) == (0.0, 1.0)
    assert (second["yomite_answer_cache_hits_total", "sentiment"], second["yomite_answer_cache_misses_total", "sentiment"]) == (1.0, 1.0)
    assert (second["yomite_jobs_total", "en", "answered", "sentiment"], second["yomite_batch_jobs_sum", "sentiment"]) == (2.0, 1.0)


@pytest.mark.parametrize(
    ("error", "why", "outcome"),
    [(MemoryError(), "memory", "out_of_memory"), (ValueError("ひみつ"), "error", "internal_error")],
    ids=["memory", "error"],
)
def test_batches_that_are_split_and_jobs_that_fail_are_counted_by_why(
    redis: Redis, queue: JobQueue, error: Exception, why: str, outcome: str
) -> None:
    ask(queue, *(SentimentRequest(text=text) for text in ("だめ", "good")))
    found = work_off(redis, RecordingEngine(failing("だめ", error)))
    assert found["yomite_batch_splits_total", why] == 1.0
    assert found["yomite_jobs_total", UNKNOWN, outcome, "sentiment"] == 1.0
    assert found["yomite_jobs_total", "en", "answered", "sentiment"] == 1.0
    assert "ひみつ" not in repr(found)


class RefusingEngine(RecordingEngine):
    """Says of each Request what is wrong with it."""

    def read(self, requests: object, on_progress: OnProgress | None = None) -> list[object]:  # type: ignore[override]  # a part of it
        return [Failure(code="no_blank", message=Message(ja="空欄がありません。", en="There is no blank."))] * len(requests)  # type: ignore[arg-type]  # a list


def test_a_person_who_is_told_why_not_is_refused_and_a_forbidden_job_is_forbidden(redis: Redis, queue: JobQueue) -> None:
    ask(queue, SentimentRequest(text="穴がない"))
    [bad] = ask(queue, SentimentRequest(text="x"))
    redis.hset(f"rq:job:{bad}", mapping={"data": b"rubbish", "meta": json.dumps({"platform": "test", "task": CANARIES[0]})})
    found = work_off(redis, RefusingEngine())
    assert found["yomite_jobs_total", UNKNOWN, "refused", "sentiment"] == 1.0
    assert found["yomite_jobs_total", UNKNOWN, "forbidden", UNKNOWN] == 1.0
    assert CANARIES[0] not in repr(found)


def test_a_job_that_nobody_waits_for_is_cancelled(redis: Redis, queue: JobQueue) -> None:
    [job] = ask(queue, SentimentRequest(text="やめた"))
    redis.set(names.cancelled(job), b"1")
    assert work_off(redis, RecordingEngine())["yomite_jobs_total", UNKNOWN, "cancelled", "sentiment"] == 1.0


class DrawingEngine(RecordingEngine):
    """Every answer has a picture."""

    def read(self, requests: object, on_progress: OnProgress | None = None) -> list[object]:  # type: ignore[override]  # a part of it
        return [Undrawn(result=answer_to(each), draw=lambda each=each: answer_to(each)) for each in requests]  # type: ignore[attr-defined, misc]  # a list


def test_drawing_is_a_stage_of_its_own(redis: Redis, queue: JobQueue) -> None:
    ask(queue, SentimentRequest(text="描く"))
    found = work_off(redis, DrawingEngine())
    assert {stage: found["yomite_worker_stage_seconds_count", "en", stage, "sentiment"] for stage in ("computed", "drawn", "written")} == {
        "computed": 1.0,
        "drawn": 1.0,
        "written": 1.0,
    }


def test_jobs_of_a_dead_worker_that_are_put_back_are_counted(redis: Redis, queue: JobQueue) -> None:
    ask(queue, SentimentRequest(text="置き去り"), SentimentRequest(text="left behind"))
    dead = BatchingWorker(redis, RecordingEngine(), batch=8)
    assert len(dead._taker.take({names.SHORT: 8})) == 2
    found = work_off(redis, RecordingEngine())
    until(lambda: redis.llen(f"rq:queue:{names.SHORT}") == 0, what="the jobs that were put back")
    assert (found["yomite_dead_workers_total",], found["yomite_jobs_put_back_total",]) == (1.0, 2.0)


def test_a_label_can_only_be_what_is_known() -> None:
    registry = CollectorRegistry()
    meter = WorkerMetrics(registry)
    for canary in CANARIES:
        meter.job(task=canary, language=canary, outcome=canary)
        meter.batch(task=canary, jobs=1)
        meter.looked_up(task=canary, hits=1, misses=0)
        meter.stage("waited", task=canary, language=canary, seconds=-1.0)
    found = samples_of(registry)
    assert found["yomite_jobs_total", UNKNOWN, OTHER, UNKNOWN] == 2.0
    assert found["yomite_worker_stage_seconds_sum", UNKNOWN, "waited", UNKNOWN] == 0.0
    assert not [canary for canary in CANARIES if canary in repr(found)]


def test_models_are_told_with_their_memory_and_those_outside_of_the_catalog_together() -> None:
    held = ModelsHeld(held_bytes={"a": 10, "/home/hanako/秘": 5, "/tmp/x": 7}, loads={"a": 2, "/tmp/x": 1}, drops={"a": 1})
    registry = CollectorRegistry()
    registry.register(ModelsCollector(lambda: held, lambda: frozenset({"a"})))
    assert samples_of(registry) == {
        ("yomite_models_loaded",): 3.0,
        ("yomite_model_bytes", "a"): 10.0,
        ("yomite_model_bytes", OTHER): 12.0,
        ("yomite_model_loads_total", "a"): 2.0,
        ("yomite_model_loads_total", OTHER): 1.0,
        ("yomite_model_drops_total", "a"): 1.0,
    }


def test_a_cache_tells_what_each_model_holds_and_how_often_it_came_and_went(tiny_pack: Path) -> None:
    catalog = Catalog.load(models_dir=tiny_pack)
    feelings, entities = catalog.entry(Task.SENTIMENT, "ja"), catalog.entry(Task.NER, "ja")
    cache = ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32")
    cache.warm_up([feelings, entities])
    held = cache.held_bytes()
    assert set(held) == cache.names() == {feelings.name, entities.name}
    assert sum(held.values()) == cache.used_bytes
    assert held[entities.name] < held[feelings.name]  # the body is shared, and counts for the first
    small = ModelCache(memory_budget_bytes=1, device="cpu", precision="fp32")
    small.warm_up([feelings, entities])
    assert small.names() == {entities.name}
    assert (dict(small.loads), dict(small.drops)) == ({feelings.name: 1, entities.name: 1}, {feelings.name: 1})

"""Tests of models that are swapped while jobs come: none is lost, and each is answered by one model as a whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from redis import Redis

from engine.catalog import Catalog
from engine.catalog.chosen import write_chosen
from engine.contract import SentimentRequest, SentimentResult, Task
from engine.engine import Engine
from engine.models.cache import ModelCache
from tests.support.trained import write_trained
from tests.support.working import outcome_of, until
from workers.queue import QueueSettings, WorkerSettings
from workers.queue.door import JobQueue
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

SENTENCES = ("この映画は本当に素晴らしかった。", "i love this service.", "この映画は terrible です。", "猫が好きです。")
SWAPS = 4
AT_ONCE = 12  # jobs between two looks at what has come
CLOSE = 1e-3  # sentences that are computed together differ in the last digits
NEVER = QueueSettings(cache_ttl_s=0)  # each is computed anew


def test_models_swapped_under_load_lose_no_job_and_mix_no_answer_end_to_end(settings: WorkerSettings, tmp_path: Path) -> None:
    choosing = replace(settings, chosen=tmp_path / "chosen.json", precision="fp32")
    folders = {name: write_trained(tmp_path / name, seed=seed) for seed, name in enumerate(("first", "second"), start=1)}
    expected = {name: answers_of(folder) for name, folder in folders.items()}
    assert choosing.chosen
    write_chosen(choosing.chosen, {Task.SENTIMENT: folders["first"]})
    with EmbeddedRedis(tmp_path / "redis", durable=False) as server, Redis.from_url(server.url) as redis:
        queue, worker = JobQueue(redis, NEVER), WorkerProcess(choosing, redis_url=server.url, queue_settings=NEVER)
        jobs: dict[str, str] = {}

        def ask() -> None:
            for number in range(AT_ONCE):
                text = SENTENCES[number % len(SENTENCES)]
                jobs[queue.submit(SentimentRequest(text=text), platform="test")] = text

        def answered_by(name: str) -> bool:
            """Whether the last answer is this model's; more is asked meanwhile."""
            ask()
            last = list(jobs)[-1]
            until(lambda: outcome_of(redis, last) is not None, what="an answer")
            return sentiment_of(redis, last).model == name

        try:
            for swap in range(SWAPS):
                name = ("first", "second")[swap % 2]
                write_chosen(choosing.chosen, {Task.SENTIMENT: folders[name]})
                until(lambda name=name: answered_by(name), what=name)  # type: ignore[misc]  # mypy does not see the default
            until(lambda: all(outcome_of(redis, job) is not None for job in jobs), what="every answer")
            assert worker.alive
            for job, text in jobs.items():
                found = sentiment_of(redis, job)
                wanted = expected[found.model][text]
                assert all(abs(found.probabilities[label] - share) < CLOSE for label, share in wanted.items()), (found.model, text)
            assert {sentiment_of(redis, job).model for job in jobs} == {"first", "second"}
        finally:
            worker.stop()


def sentiment_of(redis: Redis, job: str) -> SentimentResult:
    outcome = outcome_of(redis, job)
    assert isinstance(outcome, SentimentResult)
    return outcome


def answers_of(folder: Path) -> dict[str, dict[str, float]]:
    """What the model alone answers, text → its probabilities."""
    engine = Engine(Catalog.load(), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))
    results = engine.run([SentimentRequest(text=text, model=str(folder)) for text in SENTENCES])
    return {
        text: dict(result.probabilities) for text, result in zip(SENTENCES, results, strict=True) if isinstance(result, SentimentResult)
    }

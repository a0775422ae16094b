"""Tests of what a worker offers: other models are taken while it runs, and what is wrong with them leaves it as it was."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from engine.catalog import Catalog
from engine.catalog.chosen import write_chosen
from engine.catalog.entry import LockedModel
from engine.catalog.locked import Lock, write_lock
from engine.contract import Failure, SentimentRequest, SentimentResult, Task
from tests.support.trained import write_trained
from tests.support.working import outcome_of, until
from workers.offering import Offer
from workers.queue import WorkerSettings
from workers.queue.door import JobQueue
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

TEXT = "この映画は本当に素晴らしかった。"


@pytest.fixture
def choosing(settings: WorkerSettings, tmp_path: Path) -> WorkerSettings:
    return replace(settings, chosen=tmp_path / "chosen.json")


def models_of(queue: JobQueue, task: str) -> list[str]:
    rows = queue.models()
    assert not isinstance(rows, Failure)
    return [row.model for row in rows if row.task == task]


def choose(settings: WorkerSettings, folder: Path) -> None:
    assert settings.chosen
    write_chosen(settings.chosen, {Task.SENTIMENT: folder})


def test_a_choice_is_offered_and_handed_on_at_the_next_beat(
    redis: Redis, queue: JobQueue, choosing: WorkerSettings, tmp_path: Path
) -> None:
    offer, taken = Offer(choosing), list[Catalog]()
    offer.on_change(taken.append)
    offer.tell(redis)
    assert models_of(queue, "sentiment") == ["yomite/sentiment"]
    choose(choosing, write_trained(tmp_path / "ours"))
    offer.tell(redis)
    offer.tell(redis)
    assert models_of(queue, "sentiment")[0] == "ours"
    assert [catalog.entry(Task.SENTIMENT, "ja").name for catalog in taken] == ["ours"]


def test_a_damaged_file_of_choices_leaves_the_catalog_as_it_was(
    redis: Redis, queue: JobQueue, choosing: WorkerSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    choose(choosing, write_trained(tmp_path / "ours"))
    offer, taken = Offer(choosing), list[Catalog]()
    offer.on_change(taken.append)
    assert choosing.chosen
    choosing.chosen.write_text("{", encoding="utf-8")
    with caplog.at_level(logging.WARNING, logger="yomite.worker"):
        offer.tell(redis)
    assert models_of(queue, "sentiment")[0] == "ours"
    assert taken == []
    assert "the catalog stays as it was" in caplog.text


def test_a_lock_that_was_moved_is_taken_at_the_next_beat(redis: Redis, settings: WorkerSettings, tmp_path: Path) -> None:
    locking = replace(settings, profile="hub", lock=tmp_path / "models.lock")
    offer, taken = Offer(locking), list[Catalog]()
    offer.on_change(taken.append)
    offer.tell(redis)
    locked = LockedModel(commit="c" * 40, files={})
    write_lock(tmp_path / "models.lock", Lock().with_model("jurabi/bert-ner-japanese", "main", locked))
    offer.tell(redis)
    assert [catalog.entry(Task.NER, "ja").revision for catalog in taken] == ["c" * 40]


def test_a_running_worker_answers_with_another_model_without_a_restart_end_to_end(settings: WorkerSettings, tmp_path: Path) -> None:
    choosing = replace(settings, chosen=tmp_path / "chosen.json")
    folder = tmp_path / "ours"
    with EmbeddedRedis(tmp_path / "redis", durable=False) as server, Redis.from_url(server.url) as redis:
        queue, worker = JobQueue(redis), WorkerProcess(choosing, redis_url=server.url)

        def answer() -> SentimentResult:
            job = queue.submit(SentimentRequest(text=TEXT), platform="test")
            until(lambda: outcome_of(redis, job) is not None, what="the answer")
            outcome = outcome_of(redis, job)
            assert isinstance(outcome, SentimentResult)
            return outcome

        try:
            bundled = answer()
            choose(choosing, write_trained(folder, seed=1))
            until(lambda: answer().model == "ours", what="the chosen model")
            first = answer()
            write_trained(folder, seed=2)  # trained again, into the same folder
            until(lambda: answer().probabilities != first.probabilities, what="the model that was trained again")
            assert choosing.chosen
            write_chosen(choosing.chosen, {})
            until(lambda: answer() == bundled, what="the catalog's model")
            assert worker.alive
        finally:
            worker.stop()

"""Tests of workers that answer with models of the hub: from the mirror that the settings name, at the commit that is locked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from redis import Redis
from transformers import BertForSequenceClassification

from engine.catalog.locked import Lock, write_lock
from engine.contract import SentimentRequest, SentimentResult
from engine.models.hub import Hub
from engine.models.inventory import Places, models_of
from engine.models.pulling import pull
from tests.support.checkpoints import SENTIMENTS, write_english
from tests.support.hub import COMMIT, serve_hub
from tests.support.working import outcome_of, until
from workers.queue import WorkerSettings
from workers.queue.door import JobQueue
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

NAME = "owner/feelings"
ROW = f"""
[[models]]
task = "sentiment"
languages = ["ja", "en", "mixed"]
model = "{NAME}"
revision = "main"
licence = "MIT"
window = 64
"""


def write_checkpoint(folder: Path) -> Path:
    return write_english(folder, BertForSequenceClassification, labels=SENTIMENTS)


def lock_as_it_is(catalog: Path, url: str, folder: Path) -> Path:
    """A lock that somebody made on another machine."""
    [model] = [model for model in models_of(Places(catalog=catalog)) if model.hub == NAME]
    pulled = pull(model, Hub(endpoint=url, cache=folder / "their-cache"))
    write_lock(folder / "models.lock", Lock().with_model(NAME, "main", pulled.locked))
    return folder / "models.lock"


def test_a_worker_fetches_from_the_mirror_what_is_locked_though_the_branch_has_moved_end_to_end(
    settings: WorkerSettings, tmp_path: Path
) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(ROW, encoding="utf-8")
    with serve_hub({NAME: write_checkpoint(tmp_path / "hub")}) as hub:
        lock = lock_as_it_is(catalog, hub.url, tmp_path)
        hub.move(NAME, "e" * 40, write_checkpoint(tmp_path / "moved"))
        hub.asked.clear()
        fetching = replace(settings, catalog=catalog, lock=lock, models_cache=tmp_path / "cache", hub_mirror=hub.url)
        with EmbeddedRedis(tmp_path / "redis", durable=False) as server, Redis.from_url(server.url) as redis:
            worker = WorkerProcess(fetching, redis_url=server.url)
            try:
                job = JobQueue(redis).submit(SentimentRequest(text="この映画は本当に素晴らしかった。"), platform="test")
                until(lambda: outcome_of(redis, job) is not None, what="the answer")
                outcome = outcome_of(redis, job)
            finally:
                worker.stop()
    assert isinstance(outcome, SentimentResult)
    assert outcome.model == NAME
    assert (tmp_path / "cache" / "models--owner--feelings" / "snapshots" / COMMIT / "model.safetensors").exists()
    assert all(COMMIT in path for path in hub.asked if path.startswith(f"/{NAME}/resolve/"))
    assert hub.fetched()

"""A worker says what it is: the version, the profile and the device stand where operators look."""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from redis import Redis

from engine.catalog import Catalog
from engine.contract import Task
from engine.models.cache import ModelCache
from tests.support.working import until
from workers import composition
from workers.introducing import introduce
from workers.offering import Offer
from workers.queue import WorkerSettings
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis
from workers.watched import Watched


def test_a_worker_introduces_itself_with_its_first_heartbeat(server: EmbeddedRedis, redis: Redis, settings: WorkerSettings) -> None:
    composition.run(settings, redis_url=server.url, burst=True)
    [key] = list(redis.scan_iter("rq:worker:*"))
    found: Any = redis.hgetall(key)  # RQ keeps it for a minute after the goodbye
    said = (found[b"yomite_version"].decode(), found[b"yomite_profile"].decode(), found[b"yomite_device"].decode())
    assert said == (version("yomite"), "bundled", "cpu")


def test_models_that_only_a_request_has_named_are_not_told(settings: WorkerSettings, tiny_pack: Path, tmp_path: Path) -> None:
    """It may name any folder, also one that is called as a person is."""
    shutil.copytree(tiny_pack / "encoder", tmp_path / "hanako")
    seen, catalog = Watched(), Catalog.load(models_dir=tiny_pack)
    seen.offer = Offer(settings)
    cache = ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32")
    seen.caches.append(cache)
    cache.warm_up([catalog.entry(Task.NER, "ja"), catalog.entry(Task.TOKENS, "ja", model=str(tmp_path / "hanako"))])
    assert len(cache.names()) == 2
    assert seen.loaded() == {"yomite/ner"}


def test_what_it_says_is_shown_and_stays_through_its_heartbeats(redis: Redis) -> None:
    redis.sadd("rq:workers", "rq:worker:one")
    redis.hset("rq:worker:one", "queues", "yomite-short")
    introduce(lambda: "rq:worker:one", profile="hub", device=lambda: "cuda:0", loaded=lambda: {"b", "a"})(redis)
    until(lambda: JobQueue(redis).workers() == 1, what="the worker")
    [row] = JobQueue(redis).status().crew
    assert (row.version, row.profile, row.device, row.models) == (version("yomite"), "hub", "cuda:0", ("a", "b"))

"""A worker says what it is: the version, the profile and the device stand where operators look."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from redis import Redis

from tests.support.working import until
from workers import composition
from workers.introducing import introduce
from workers.queue import WorkerSettings
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis


def test_a_worker_introduces_itself_with_its_first_heartbeat(server: EmbeddedRedis, redis: Redis, settings: WorkerSettings) -> None:
    composition.run(settings, redis_url=server.url, burst=True)
    [key] = list(redis.scan_iter("rq:worker:*"))
    found: Any = redis.hgetall(key)  # RQ keeps it for a minute after the goodbye
    said = (found[b"yomite_version"].decode(), found[b"yomite_profile"].decode(), found[b"yomite_device"].decode())
    assert said == (version("yomite"), "bundled", "cpu")


def test_what_it_says_is_shown_and_stays_through_its_heartbeats(redis: Redis) -> None:
    redis.sadd("rq:workers", "rq:worker:one")
    redis.hset("rq:worker:one", "queues", "yomite-short")
    introduce(redis, lambda: "rq:worker:one", profile="hub", device="cuda:0")()
    until(lambda: JobQueue(redis).workers() == 1, what="the worker")
    [row] = JobQueue(redis).status().crew
    assert (row.version, row.profile, row.device) == (version("yomite"), "hub", "cuda:0")

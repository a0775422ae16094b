"""How the queue stands is asked of Redis at each look; where it is away, no old number is told."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from prometheus_client import CollectorRegistry
from redis import Redis
from rq.utils import utcformat, utcparse

from engine.contract import SentimentRequest
from tests.support.looking import samples_of
from tests.support.working import RecordingEngine, work_off
from workers.observing.health import open_impatient
from workers.observing.queue_metrics import QueueCollector
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.server import EmbeddedRedis
from workers.worker import BatchingWorker


def registry_of(connection: Redis) -> CollectorRegistry:
    found = CollectorRegistry()
    found.register(QueueCollector(connection, platforms=("web", "slack")))
    return found


def fail(text: str) -> None:
    if "壊" in text:
        raise RuntimeError(text)


def test_an_empty_queue_is_zeros(redis: Redis) -> None:
    found = samples_of(registry_of(redis))
    memory = found.pop(("yomite_redis_used_memory_bytes",))
    assert memory > 100_000
    assert found.pop(("yomite_redis_up",)) == 1.0
    assert set(found.values()) == {0.0}
    assert len(found) == 4 * len(names.QUEUES) + 2 + 1


def test_what_waits_failed_and_is_not_posted_is_counted_by_queue_and_platform(redis: Redis, queue: JobQueue) -> None:
    queue.submit(SentimentRequest(text="これは壊れる"), platform="slack")
    queue.submit(SentimentRequest(text="this is fine"), platform="slack")
    work_off(redis, RecordingEngine(fail))
    waiting = [queue.submit(SentimentRequest(text=text), platform="web") for text in ("待つ", "waits", "長い" * 2_000)]
    redis.hset(f"rq:job:{waiting[0]}", "enqueued_at", "2020-01-01T00:00:00.000000Z")
    found = samples_of(registry_of(redis))
    assert (found["yomite_queue_jobs", names.SHORT], found["yomite_queue_jobs", names.LONG]) == (2.0, 1.0)
    assert found["yomite_queue_oldest_seconds", names.SHORT] > 86_400 * 365
    assert 0.0 <= found["yomite_queue_oldest_seconds", names.LONG] < 60.0
    assert (found["yomite_jobs_failed", names.SHORT], found["yomite_jobs_failed", names.LONG]) == (1.0, 0.0)
    assert (found["yomite_undelivered_replies", "slack"], found["yomite_undelivered_replies", "web"]) == (2.0, 0.0)


def test_a_moment_that_cannot_be_read_is_no_age(redis: Redis, queue: JobQueue) -> None:
    job = queue.submit(SentimentRequest(text="待つ"), platform="web")
    redis.hset(f"rq:job:{job}", "enqueued_at", "きのう")
    assert samples_of(registry_of(redis))["yomite_queue_oldest_seconds", names.SHORT] == 0.0


def test_what_runs_and_who_lives_is_counted_while_it_does(redis: Redis, queue: JobQueue) -> None:
    seen: list[dict[tuple[str, ...], float]] = []
    queue.submit(SentimentRequest(text="走る"), platform="web")
    with Redis.from_url(f"unix://{redis.connection_pool.connection_kwargs['path']}") as beside:
        worker = BatchingWorker(redis, RecordingEngine(lambda _: seen.append(samples_of(registry_of(beside)))), batch=8)
        worker.work(burst=True)
        assert (seen[0]["yomite_jobs_running", names.SHORT], seen[0]["yomite_workers_alive",]) == (1.0, 1.0)
        after = samples_of(registry_of(beside))
    assert (after["yomite_jobs_running", names.SHORT], after["yomite_workers_alive",]) == (0.0, 0.0)


def test_where_redis_is_away_only_that_is_told_and_all_again_when_it_is_back(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server, open_impatient(server.url) as connection:
        registry, pid = registry_of(connection), server.pid
        assert pid is not None
        assert len(samples_of(registry)) > 1
        os.kill(pid, signal.SIGSTOP)
        assert samples_of(registry) == {("yomite_redis_up",): 0.0}
        os.kill(pid, signal.SIGCONT)
        server.stop()
        assert samples_of(registry) == {("yomite_redis_up",): 0.0}
        server.start()
        assert samples_of(registry)["yomite_redis_up",] == 1.0


def test_the_form_of_a_moment_is_the_one_that_rq_writes() -> None:
    """Which `datetime.fromisoformat` reads, many times faster than RQ does."""
    assert utcformat(utcparse("2026-01-02T03:04:05.678901Z")) == "2026-01-02T03:04:05.678901Z"

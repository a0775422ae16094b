"""How the queue stands: asked of Redis each time somebody looks, with a short patience, so that no number is an old one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from workers.queue import names

_QUEUE, _STARTED, _FAILED, _JOB = "rq:queue:", "rq:wip:", "rq:failed:", "rq:job:"  # RQ's names


class QueueCollector(Collector):
    """Where Redis is away, `yomite_redis_up` is 0 and nothing else is told. For any thread; the connection should give up soon."""

    def __init__(self, connection: Redis, *, platforms: Sequence[str]) -> None:
        """`platforms`: whose answers are looked at."""
        self._redis = connection
        self._platforms = platforms

    def collect(self) -> Iterable[Metric]:
        """Three round trips."""
        try:
            found = self._ask()
        except RedisError:
            found = []
        return [GaugeMetricFamily("yomite_redis_up", "Whether Redis answers: 1, or 0.", value=1.0 if found else 0.0), *found]

    def describe(self) -> Iterable[Metric]:
        """Redis is not asked when it is registered."""
        return []

    def _ask(self) -> list[Metric]:
        with self._redis.pipeline(transaction=False) as pipe:
            for queue in names.QUEUES:
                pipe.llen(_QUEUE + queue)
                pipe.lindex(_QUEUE + queue, 0)
                pipe.zcard(_STARTED + queue)
                pipe.zcard(_FAILED + queue)
            for platform in self._platforms:
                pipe.xlen(names.replies(platform))
            pipe.smembers(WORKERS_BY_QUEUE_KEY % names.SHORT)
            pipe.info("memory")
            *rows, workers, memory = pipe.execute()
        heads, streams = rows[: 4 * len(names.QUEUES)], rows[4 * len(names.QUEUES) :]
        waiting, first, running, failed = heads[::4], heads[1::4], heads[2::4], heads[3::4]
        return [
            _by("yomite_queue_jobs", "Jobs that wait.", "queue", names.QUEUES, waiting),
            _by(
                "yomite_queue_oldest_seconds",
                "How long the next job of each queue has waited; 0: none waits.",
                "queue",
                names.QUEUES,
                self._ages(first),
            ),
            _by("yomite_jobs_running", "Jobs that workers are at.", "queue", names.QUEUES, running),
            _by("yomite_jobs_failed", "Jobs that are kept for operators because something went wrong.", "queue", names.QUEUES, failed),
            _by("yomite_undelivered_replies", "Answers that are not posted yet.", "platform", self._platforms, streams),
            GaugeMetricFamily("yomite_workers_alive", "Workers that take jobs.", value=self._alive(workers)),
            GaugeMetricFamily("yomite_redis_used_memory_bytes", "Memory that Redis uses.", value=float(memory["used_memory"])),
        ]

    def _ages(self, job_ids: Sequence[bytes | None]) -> list[float]:
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hget(_JOB + (job_id or b"").decode("utf-8", "replace"), "enqueued_at")
            since = pipe.execute()
        return [_age_s(each) for each in since]

    def _alive(self, workers: Iterable[bytes]) -> int:
        known = list(workers)
        return int(self._redis.exists(*known)) if known else 0


def _by(name: str, meaning: str, label: str, values: Sequence[str], numbers: Sequence[Any]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value, number in zip(values, numbers, strict=True):
        family.add_metric([value], float(number))
    return family


def _age_s(enqueued_at: bytes | None) -> float:
    """0 where it is not known since when."""
    try:
        return max(0.0, time.time() - datetime.fromisoformat((enqueued_at or b"").decode()).timestamp())
    except ValueError:
        return 0.0

"""How things stand: counts, and each worker, read from Redis in three round trips however many workers there are."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from redis import Redis
from rq.utils import utcparse

from engine.contract import Task
from workers.queue import names
from workers.queue.pace import counted_minutes, pace_of
from workers.queue.rows import QueueStatus, WorkerRow

LOOKED_AT = 8  # of a worker's jobs; nearly always all are of one task
_JOB, _QUEUE, _STARTED, _FAILED, _WORKERS = "rq:job:", "rq:queue:", "rq:wip:", "rq:failed:", "rq:workers"
_WORKER = "rq:worker:"
_FIELDS = (
    "queues",
    "state",
    "last_heartbeat",
    "death",
    "successful_job_count",
    "failed_job_count",
    "yomite_version",
    "yomite_profile",
    "yomite_device",
    "yomite_models",
)


def read_status(connection: Redis) -> QueueStatus:
    """Counts and workers.

    Raises:
        redis.exceptions.RedisError: Redis cannot be reached.
    """
    now = time.time()
    with connection.pipeline(transaction=False) as pipe:
        for queue in names.QUEUES:
            pipe.llen(_QUEUE + queue)
            pipe.lindex(_QUEUE + queue, 0)
            pipe.zcard(_STARTED + queue)
            pipe.zcount(_FAILED + queue, now, "+inf")
        for platform in names.PLATFORMS:
            pipe.xlen(names.replies(platform))
        pipe.smembers(_WORKERS)
        pipe.mget(counted_minutes(now))
        found = pipe.execute()
    (waits, head, runs, failed), (waits_long, head_long, runs_long, failed_long) = found[:4], found[4:8]
    *undelivered, members, minutes = found[8:]
    crew, oldest = _crew_and_oldest(connection, sorted(members), [job for job in (head, head_long) if job], now)
    return QueueStatus(
        waiting=waits + waits_long,
        running=runs + runs_long,
        workers=len(crew),
        oldest_s=oldest,
        waiting_long=waits_long,
        failed=failed + failed_long,
        undelivered=sum(undelivered),
        finished=round(pace_of(minutes, now)),
        crew=tuple(crew),
    )


def count_workers(connection: Redis) -> int:
    """How many workers are alive.

    Raises:
        redis.exceptions.RedisError: as above.
    """
    members: Any = connection.smembers(_WORKERS)
    return len(_crew_and_oldest(connection, sorted(members), [], time.time())[0])


def _crew_and_oldest(connection: Redis, members: Sequence[bytes], heads: Sequence[bytes], now: float) -> tuple[list[WorkerRow], float]:
    """The workers, and how long the oldest of the jobs at the heads of the queues has waited, in seconds."""
    workers = [member.decode("utf-8", "replace").removeprefix(_WORKER) for member in members]
    with connection.pipeline(transaction=False) as pipe:
        for worker in workers:
            pipe.hmget(_WORKER + worker, *_FIELDS)
            pipe.hkeys(names.taken(worker))
        for job_id in heads:
            pipe.hget(_JOB.encode() + job_id, "enqueued_at")
        found = pipe.execute()
    known = [
        (worker, dict(zip(_FIELDS, map(_text, fields), strict=True)), jobs)
        for worker, fields, jobs in zip(workers, found[0 : 2 * len(workers) : 2], found[1 : 2 * len(workers) : 2], strict=True)
    ]
    alive = [each for each in known if not each[1]["death"] and set(each[1]["queues"].split(",")) & set(names.QUEUES)]
    waited = [age_of(_text(moment), now) for moment in found[2 * len(workers) :]]
    return _rows(connection, alive, now), max(waited, default=0.0)


def _rows(connection: Redis, alive: Sequence[tuple[str, dict[str, str], list[bytes]]], now: float) -> list[WorkerRow]:
    with connection.pipeline(transaction=False) as pipe:
        for _, _, jobs in alive:
            for job_id in jobs[:LOOKED_AT]:
                pipe.hmget(_JOB.encode() + job_id, "meta", "started_at")
        looked_at = iter(pipe.execute())
    rows = [_row(worker, fields, len(jobs), [next(looked_at) for _ in jobs[:LOOKED_AT]], now) for worker, fields, jobs in alive]
    return sorted(rows, key=lambda row: (not row.busy, -row.since_s, row.name))


def _row(worker: str, fields: dict[str, str], runs: int, jobs: Sequence[Any], now: float) -> WorkerRow:
    tasks = dict.fromkeys(task for task in (task_in(meta) for meta, _ in jobs) if task)
    return WorkerRow(
        name=worker,
        version=fields["yomite_version"],
        profile=fields["yomite_profile"],
        device=fields["yomite_device"],
        models=_names_in(fields["yomite_models"]),
        busy=runs > 0,
        runs=runs,
        task=", ".join(tasks),
        since_s=max((age_of(_text(started), now) for _, started in jobs), default=0.0),
        done=_number(fields["successful_job_count"]),
        failed=_number(fields["failed_job_count"]),
        heard_s=age_of(fields["last_heartbeat"], now),
    )


def task_in(meta: bytes | None) -> str:
    """The task that a job's meta names; empty where it is none that is known here."""
    found = object_in(meta).get("task")
    return found if isinstance(found, str) and found in list(Task) else ""


def platform_in(meta: bytes | None) -> str:
    """The platform that a job's meta names; empty where it is none that is known here. A terminal's own name is not told."""
    found = object_in(meta).get("platform")
    if isinstance(found, str) and found.startswith(names.TERMINAL):
        return names.TERMINAL.removesuffix("-")
    return found if isinstance(found, str) and found in names.PLATFORMS else ""


def object_in(value: bytes | None) -> dict[str, Any]:
    """The JSON object that a value of Redis is; empty where it is none."""
    try:
        found = json.loads(value or b"")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def age_of(moment: str, now: float) -> float:
    """How long ago a moment was as RQ writes it, in seconds; 0 where there is none."""
    try:
        return max(0.0, now - utcparse(moment).timestamp())
    except ValueError:
        return 0.0


def _names_in(text: str) -> tuple[str, ...] | None:
    """The names in a JSON list; None where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tuple(name for name in found if isinstance(name, str)) if isinstance(found, list) else None


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0

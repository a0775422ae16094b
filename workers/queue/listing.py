"""Lists single jobs for operators: failed, waiting and running ones, without any text of a person."""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from workers.queue import names
from workers.queue.rows import JobRow, JobState
from workers.queue.status import age_of, platform_in, task_in

LONGEST_WHY = 200  # characters
LARGEST_BLAME_BYTES = 65_536  # unpacked: a few bytes can swell to gigabytes
STATES: tuple[JobState, ...] = ("failed", "running", "waiting")
_FIELDS = ("meta", "enqueued_at", "started_at", "ended_at", "exc_info", "retried")
_SINCE = {"failed": "ended_at", "running": "started_at", "waiting": "enqueued_at"}


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a job was found."""

    job_id: bytes
    state: JobState


def list_jobs(connection: Redis, states: Sequence[JobState]) -> list[JobRow]:
    """The jobs in these states, failed ones first, within a state the oldest first; two round trips.

    Raises:
        redis.exceptions.RedisError: Redis cannot be reached.
    """
    places, now = _places(connection, states), time.time()
    with connection.pipeline(transaction=False) as pipe:
        for place in places:
            pipe.hmget(b"rq:job:" + place.job_id, *_FIELDS)
        found = pipe.execute(raise_on_error=False)
    rows = [
        _row(place, dict(zip(_FIELDS, fields, strict=True)), now)
        for place, fields in zip(places, found, strict=True)
        if isinstance(fields, list) and any(fields)  # else it has just gone
    ]
    return sorted(rows, key=lambda row: (STATES.index(row.state), -row.age_s))


def _places(connection: Redis, states: Sequence[JobState]) -> list[_Place]:
    with connection.pipeline(transaction=False) as pipe:
        for queue in names.QUEUES:
            pipe.zrangebyscore(f"rq:failed:{queue}", time.time(), "+inf")
            pipe.zrange(f"rq:wip:{queue}", 0, -1)
            pipe.lrange(f"rq:queue:{queue}", 0, -1)
        found = pipe.execute()
    places: dict[_Place, None] = {}
    for index, members in enumerate(found):
        state = STATES[index % len(STATES)]
        if state in states:
            ids = [member.rpartition(b":")[0] if state == "running" else member for member in members]  # with its worker's name
            places.update(dict.fromkeys(_Place(job_id=job_id, state=state) for job_id in ids))
    return list(places)


def _row(place: _Place, fields: dict[str, bytes | None], now: float) -> JobRow:
    return JobRow(
        job_id=place.job_id.decode("utf-8", "replace"),
        state=place.state,
        task=task_in(fields["meta"]),
        platform=platform_in(fields["meta"]),
        age_s=age_of((fields[_SINCE[place.state]] or b"").decode("utf-8", "replace"), now),
        why=_first_line(fields["exc_info"]) if place.state == "failed" else "",
        tries=1 + _number(fields["retried"]),
    )


def _first_line(packed: bytes | None) -> str:
    """What the job is blamed for, as a worker wrote it: never a text of the person."""
    if not packed:
        return ""
    try:
        blame = zlib.decompressobj().decompress(packed, LARGEST_BLAME_BYTES)
    except zlib.error:
        return ""
    return blame.decode("utf-8", "replace").partition("\n")[0][:LONGEST_WHY]


def _number(value: Any) -> int:
    return int(value) if value and value.isdigit() else 0

"""Failed jobs, for operators: put back into their queue, or dropped with all that is kept of them. No text of a person is read."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from redis import Redis
from rq.utils import now, utcformat

from engine.contract import to_json
from workers.queue import names
from workers.queue.door import cancelled_outcome
from workers.queue.failed_scripts import DROP, RETRY
from workers.queue.handover import TELL_LATE_S
from workers.queue.replies import GROUP, MAX_BLOBS
from workers.queue.settings import QueueSettings
from workers.queue.status import object_in

_JOB, _QUEUE, _FAILED, _ALL_QUEUES = "rq:job:", "rq:queue:", "rq:failed:", "rq:queues"

# "again": it waits, and its person gets the answer. "again_untold": it waits, and its person was told already that it failed, which
# stays so. "dropped", "dropped_telling": it is gone; in the latter case a bot still tells its person so. "telling": left alone, for a
# bot is telling its person just now. "cancelled": left alone, for nobody waits for it. "waiting", "running", "unknown": it is no failed
# job.
Became = Literal["again", "again_untold", "dropped", "dropped_telling", "telling", "cancelled", "waiting", "running", "unknown"]
_STATES: dict[str, Became] = {"no:queued": "waiting", "no:started": "running"}


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What must be known of a job to handle it: its queue, whose it is, whom to tell, and its entries on the platform's stream."""

    job_id: str
    queue: str
    platform: str
    person: str
    timeout_s: int
    address: str
    entries: tuple[bytes, ...] = ()


class FailedJobs:
    """Every method raises `redis.exceptions.RedisError` where Redis cannot be reached; any number of jobs take four round trips."""

    def __init__(self, connection: Redis, settings: QueueSettings) -> None:
        self._redis = connection
        self._settings = settings
        self._retry, self._drop = connection.register_script(RETRY), connection.register_script(DROP)

    def ids(self) -> list[str]:
        """The ids of all failed jobs, those that failed first in front."""
        with self._redis.pipeline(transaction=False) as pipe:
            for queue in names.QUEUES:
                pipe.zrangebyscore(_FAILED + queue, time.time(), "+inf", withscores=True)
            found = [entry for entries in pipe.execute() for entry in entries]
        return [job_id.decode("utf-8", "replace") for job_id, _ in sorted(found, key=lambda entry: entry[1])]

    def retry(self, job_ids: Sequence[str]) -> list[Became]:
        """Put failed jobs back to the end of their queues; one that two ask for at once is put back once.

        A job may take as long as the settings say now, where that is longer than before. Its person gets the answer unless they were
        told already that it failed: nobody is told two things of one question. The answer to those is kept like any other, and given
        when the same is asked again.
        """
        moment, at, ttl_s = utcformat(now()), time.time(), self._settings.answer_ttl_s

        def more(known: _Known) -> tuple[list[str], list[Any]]:
            keys = [_QUEUE + known.queue, _ALL_QUEUES, names.BELL, names.person(known.platform, known.person)]
            address = _renewed(known.address, until=at + ttl_s)
            timeout_s = max(known.timeout_s, self._settings.timeout_s)
            kept_s = ttl_s + 2 * timeout_s  # as when it is handed over
            return keys, [moment, at, kept_s, ttl_s, names.BELL_ENTRIES, address, ttl_s + TELL_LATE_S, timeout_s]

        return self._run(self._retry, job_ids, more)

    def drop(self, job_ids: Sequence[str]) -> list[Became]:
        """Delete failed jobs and all that is kept of them. Whoever was told nothing yet is told."""
        outcome = json.dumps(to_json(cancelled_outcome()))

        def more(known: _Known) -> tuple[list[str], list[Any]]:
            return [], [outcome if known.platform else "", self._settings.answer_ttl_s]

        return self._run(self._drop, job_ids, more)

    def _run(self, script: Any, job_ids: Sequence[str], more: Any) -> list[Became]:
        if not job_ids:
            return []
        self._redis.script_load(script.script)
        with self._redis.pipeline(transaction=False) as pipe:
            for known in self._with_entries([self._known(job_id, *row) for job_id, row in zip(job_ids, self._rows(job_ids), strict=True)]):
                keys, arguments = more(known)
                keys = [*_keys(known), *keys]
                pipe.evalsha(script.sha, len(keys), *keys, *_arguments(known), *arguments)
            return [_became(said.decode()) for said in pipe.execute()]

    def _rows(self, job_ids: Sequence[str]) -> list[tuple[Any, Any]]:
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in job_ids:
                pipe.hmget(_JOB + job_id, "meta", "origin", "timeout")
                pipe.get(names.address(job_id))
            found = pipe.execute()
        return list(zip(found[::2], found[1::2], strict=True))

    def _known(self, job_id: str, fields: Sequence[bytes | None], address: bytes | None) -> _Known:
        meta, origin, timeout = fields
        found = object_in(meta)
        queue = (origin or b"").decode("utf-8", "replace")
        return _Known(
            job_id=job_id,
            queue=queue if queue in names.QUEUES else names.SHORT,
            platform=_word(found.get("platform")),
            person=_word(found.get("person")),
            timeout_s=int(timeout) if timeout and timeout.isdigit() else self._settings.timeout_s,
            address=(address or b"").decode("utf-8", "replace"),
        )

    def _with_entries(self, jobs: Sequence[_Known]) -> list[_Known]:
        """The jobs, with the entries that the streams have for them."""
        platforms = sorted({job.platform for job in jobs if job.platform})
        with self._redis.pipeline(transaction=False) as pipe:
            for platform in platforms:
                pipe.xrange(names.replies(platform))
            streams = pipe.execute()
        entries: dict[tuple[str, bytes], list[bytes]] = defaultdict(list)
        for platform, stream in zip(platforms, streams, strict=True):
            for entry_id, values in stream:
                entries[platform, (values or {}).get(b"job", b"")].append(entry_id)
        return [replace(job, entries=tuple(entries[job.platform, job.job_id.encode()])) for job in jobs]


def _keys(known: _Known) -> list[str]:
    job_id = known.job_id
    of_job = [_JOB + job_id, names.delivery(job_id), names.outcome(job_id), names.address(job_id)]
    return [_FAILED + known.queue, *of_job, names.replies(known.platform), names.cancelled(job_id), names.HEADS]


def _arguments(known: _Known) -> list[Any]:
    blobs = names.blob(known.job_id, 0).removesuffix("0")
    return [known.job_id, GROUP, blobs, MAX_BLOBS, len(known.entries), *known.entries]


def _became(said: str) -> Became:
    if said.startswith("no:"):
        return _STATES.get(said, "unknown")
    return said  # type: ignore[return-value]  # the scripts say these words and no others


def _renewed(address: str, *, until: float) -> str:
    """The address with a new time at which the answer is too late; '' where there is none."""
    found = object_in(address.encode())
    return json.dumps({**found, "until": until}) if found else ""


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""

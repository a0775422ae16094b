"""How a Request is handed over: one script inside Redis, which writes all that belongs to a new job, or nothing for one that is known."""

from __future__ import annotations

import json
import time
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from rq.job import validate_job_id
from rq.utils import now, utcformat

from engine.contract import Request, task_of, to_json
from workers.queue import names
from workers.queue.job import SERIALIZER
from workers.queue.settings import QueueSettings

# RQ's names.
_JOB, _QUEUE, _ALL_QUEUES = "rq:job:", "rq:queue:", "rq:queues"

# Writes what RQ's own code writes in many commands; a test holds the two against each other. The delivery comes late: a script that
# Redis refuses half-way must not leave a job that counts as handed over.
# KEYS: the job's delivery, its person's set, its hash, its queue's list, RQ's set of queues, the bell.
# ARGV: the job's id, its record, seconds that things are kept, the time, most entries of the bell, then of the job: the time as RQ
# writes it, its data, its meta, the name of its queue, its timeout, and what it says that it runs, which is also its description (RQ
# would put the text there).
HAND_OVER = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[3],
  'created_at', ARGV[6], 'enqueued_at', ARGV[6], 'data', ARGV[7], 'meta', ARGV[8], 'origin', ARGV[9], 'timeout', ARGV[10],
  'description', ARGV[11], 'status', 'queued', 'result_ttl', '0', 'failure_ttl', ARGV[3],
  'started_at', '', 'ended_at', '', 'last_heartbeat', '', 'worker_name', '', 'group_id', '',
  'success_callback_name', '', 'failure_callback_name', '', 'stopped_callback_name', '')
redis.call('SADD', KEYS[5], KEYS[4])
redis.call('RPUSH', KEYS[4], ARGV[1])
redis.call('HSET', KEYS[1], 'record', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('LPUSH', KEYS[6], '1')
redis.call('LTRIM', KEYS[6], 0, ARGV[5] - 1)
return 1
"""


@dataclass(frozen=True, kw_only=True)
class Handover:
    """A job, ready to be handed over: what the script is given."""

    job_id: str
    keys: tuple[str, ...]
    arguments: tuple[Any, ...]


def handover(
    request: Request,
    settings: QueueSettings,
    *,
    platform: str,
    person: str = "",
    record: Mapping[str, Any] | None = None,
    job_id: str | None = None,
    tensors: bool = False,
) -> Handover:
    """The handing over of a Request; see `door.JobQueue.submit`.

    Raises:
        ValueError: `job_id` has other letters than RQ allows.
    """
    job_id = job_id or uuid.uuid4().hex
    validate_job_id(job_id)
    queue = names.LONG if characters(request) > names.LONG_CHARACTERS else names.SHORT
    ttl_s = settings.answer_ttl_s
    meta = {"platform": platform, "person": person, "tensors": tensors, "task": str(task_of(request))}
    data = SERIALIZER.dumps((names.FUNCTION, None, (), {"request": to_json(request)}))
    job = (utcformat(now()), zlib.compress(data), SERIALIZER.dumps(meta), queue, settings.timeout_s, names.FUNCTION)
    return Handover(
        job_id=job_id,
        keys=(names.delivery(job_id), names.person(platform, person), _JOB + job_id, _QUEUE + queue, _ALL_QUEUES, names.BELL),
        arguments=(job_id, json.dumps(dict(record or {})), ttl_s, time.time(), names.BELL_ENTRIES, *job),
    )


def characters(request: Request) -> int:
    """How much text there is to read."""
    values = [getattr(request, field.name) for field in fields(request)]
    return sum(len(value) if isinstance(value, str) else sum(map(len, value)) for value in values if isinstance(value, str | tuple))

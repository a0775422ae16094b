"""How a Request is handed over: one script inside Redis, which writes all that belongs to a new job, or nothing for one that is known."""

from __future__ import annotations

import json
import time
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Required, TypedDict, Unpack

from rq.job import validate_job_id
from rq.utils import now, utcformat

from engine.contract import Request, task_of, to_json
from workers.queue import names
from workers.queue.job import SERIALIZER
from workers.queue.settings import QueueSettings

# RQ's names.
_JOB, _QUEUE, _ALL_QUEUES = "rq:job:", "rq:queue:", "rq:queues"

SEEN_TTL_S = 3_600  # platforms deliver an event again within minutes
TELL_LATE_S = 24 * 3_600  # how long after the answer time it is still known whom to tell that there is no answer

# Writes what RQ's own code writes in many commands; a test holds the two against each other. The delivery comes late: a script that
# Redis refuses half-way must not leave a job that counts as handed over. The event that became the job is over in the same step.
# KEYS: the job's delivery, its person's set, its hash, its queue's list, RQ's set of queues, the bell, the job's address, the lists of both
# queues, then, where it became of an event, the event's mark and its platform's intake.
# ARGV: the job's id, its record, seconds that things are kept, the time, most entries of the bell, then of the job: the time as RQ
# writes it, its data, its meta, the name of its queue, its timeout, and what it says that it runs, which is also its description (RQ
# would put the text there). Then seconds that the job is kept, its address ('': none), seconds that this is kept, how many jobs may wait
# (0: any number), and where there is an event: its id, what marks it as over, and seconds that this is kept.
# Returns 1; 0 for a job that is known; where there is no room, how many wait, below 0.
HAND_OVER = """
local function settle()
  if not KEYS[10] then return end
  redis.call('SET', KEYS[10], ARGV[17], 'EX', ARGV[18])
  redis.call('HDEL', KEYS[11], ARGV[16])
end
if redis.call('EXISTS', KEYS[1]) == 1 then settle() return 0 end
local most, waiting = tonumber(ARGV[15]), redis.call('LLEN', KEYS[8]) + redis.call('LLEN', KEYS[9])
if most > 0 and waiting >= most then return -waiting end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[3],
  'created_at', ARGV[6], 'enqueued_at', ARGV[6], 'data', ARGV[7], 'meta', ARGV[8], 'origin', ARGV[9], 'timeout', ARGV[10],
  'description', ARGV[11], 'status', 'queued', 'result_ttl', '0', 'failure_ttl', ARGV[3],
  'started_at', '', 'ended_at', '', 'last_heartbeat', '', 'worker_name', '', 'group_id', '',
  'success_callback_name', '', 'failure_callback_name', '', 'stopped_callback_name', '')
redis.call('EXPIRE', KEYS[3], ARGV[12])
if ARGV[13] ~= '' then redis.call('SET', KEYS[7], ARGV[13], 'EX', ARGV[14]) end
redis.call('SADD', KEYS[5], KEYS[4])
redis.call('RPUSH', KEYS[4], ARGV[1])
redis.call('HSET', KEYS[1], 'record', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('LPUSH', KEYS[6], '1')
redis.call('LTRIM', KEYS[6], 0, ARGV[5] - 1)
settle()
return 1
"""


class NoRoom(Exception):
    """So many jobs wait already that one more was not taken: `waiting`."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} jobs wait already")
        self.waiting = waiting


@dataclass(frozen=True, kw_only=True)
class Handover:
    """A job, ready to be handed over: what the script is given."""

    job_id: str
    keys: tuple[str, ...]
    arguments: tuple[Any, ...]

    def check(self, reply: int) -> None:
        """What the script returned.

        Raises:
            NoRoom: it was not taken.
        """
        if reply < 0:
            raise NoRoom(-reply)


class Handing(TypedDict, total=False):
    """How a Request is handed over, at either door.

    `record` is kept for whoever posts the answer, `address` for whoever must say that there is none; neither is shown to a worker, and
    the address holds no text of the person. A `job_id` that was handed over before changes nothing; without one it is made. `event_id`:
    the platform's event that became this job, which is then over. With `tensors`, the outcome brings its large arrays along. A new job is
    taken only while fewer than `most_waiting` wait; 0: any number may.
    """

    platform: Required[str]
    person: str
    record: Mapping[str, Any] | None
    address: Mapping[str, Any] | None
    job_id: str | None
    event_id: str | None
    tensors: bool
    most_waiting: int


def handover(request: Request, settings: QueueSettings, **how: Unpack[Handing]) -> Handover:
    """The handing over of a Request.

    Raises:
        ValueError: `job_id` has other letters than RQ allows.
    """
    platform, person, event_id = how["platform"], how.get("person", ""), how.get("event_id")
    job_id = how.get("job_id") or uuid.uuid4().hex
    validate_job_id(job_id)
    queue = queue_of(request)
    ttl_s, at = settings.answer_ttl_s, time.time()
    meta = {"platform": platform, "person": person, "tensors": how.get("tensors", False), "task": str(task_of(request))}
    data = SERIALIZER.dumps((names.FUNCTION, None, (), {"request": to_json(request)}))
    job = (utcformat(now()), zlib.compress(data), SERIALIZER.dumps(meta), queue, settings.timeout_s, names.FUNCTION)
    address = how.get("address")
    told = json.dumps({**address, "platform": platform, "until": at + ttl_s}) if address else ""
    # A job that is taken in its last moment must not lose its hash while it runs.
    kept = (ttl_s + 2 * settings.timeout_s, told, ttl_s + TELL_LATE_S, how.get("most_waiting", 0))
    keys = [names.delivery(job_id), names.person(platform, person), _JOB + job_id, _QUEUE + queue, _ALL_QUEUES, names.BELL]
    keys += [names.address(job_id), *(_QUEUE + name for name in names.QUEUES)]
    keys += [names.seen(platform, event_id), names.intake(platform)] if event_id is not None else []
    event = (event_id, names.OVER, SEEN_TTL_S) if event_id is not None else ()
    return Handover(
        job_id=job_id,
        keys=tuple(keys),
        arguments=(job_id, json.dumps(dict(how.get("record") or {})), ttl_s, at, names.BELL_ENTRIES, *job, *kept, *event),
    )


def queue_of(request: Request) -> str:
    """The queue that a Request waits in."""
    return names.LONG if characters(request) > names.LONG_CHARACTERS else names.SHORT


def characters(request: Request) -> int:
    """How much text there is to read."""
    values = [getattr(request, field.name) for field in fields(request)]
    return sum(len(value) if isinstance(value, str) else sum(map(len, value)) for value in values if isinstance(value, str | tuple))

"""Takes waiting jobs off the queues so that none is lost: what a worker has taken stays written down until it is finished.

All of it happens inside Redis, in one step each, so that any number of workers can share a queue.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from workers.queue import names

# How far into a queue to look for jobs of the first one's kind, as a multiple of the jobs that are wanted.
DEPTH_FACTOR = 4
LEAST_DEPTH = 64
QUEUE_PREFIX = "rq:queue:"  # RQ's name of a queue's list
MOST_CRASHES = 2  # a job that took so many workers down with it is set aside

# Redis before 7 must be told to replicate what a script does instead of the script, which reads before it writes.
_PRELUDE = """
if redis.replicate_commands then redis.replicate_commands() end
"""
_KIND = """
local function field(id, name)
  local value = redis.pcall('HGET', 'rq:job:' .. id, name)
  if type(value) ~= 'string' then return nil end
  return value
end
local function kind_of(id)
  if field(id, 'crashes') then return '' end
  local ok, meta = pcall(cjson.decode, field(id, 'meta') or '')
  if ok and type(meta) == 'table' and type(meta.task) == 'string' then return meta.task end
  return ''
end
"""

# KEYS: the taken hash, the set of takers, the queues, most urgent first. ARGV: worker, factor of depth, least depth, kind ('': of
# the first job), then for each queue how many jobs to take of it.
# A job without a kind, or one that was running when a worker died, is taken alone. Entries without a job are dropped.
_TAKE = (
    _PRELUDE
    + _KIND
    + """
local found, kind = {}, ARGV[4]
for number = 3, #KEYS do
  local queue, most = KEYS[number], tonumber(ARGV[number + 2])
  local depth = math.max(tonumber(ARGV[3]), most * tonumber(ARGV[2]))
  for _, id in ipairs(most > 0 and redis.call('LRANGE', queue, 0, depth - 1) or {}) do
    if #found >= most then break end
    local own = kind_of(id)
    if kind == '' or own == kind then
      redis.call('LREM', queue, 1, id)
      local job = redis.pcall('HGETALL', 'rq:job:' .. id)
      if not job.err and #job > 0 then
        redis.call('HSET', KEYS[1], id, queue)
        redis.call('SADD', KEYS[2], ARGV[1])
        found[#found + 1] = {queue, id, job}
        if own == '' then return found end
        kind = own
      end
    end
  end
  if #found > 0 then break end
end
return found
"""
)

# KEYS: the taken hash of the other worker, the set of takers, the own taken hash, the bell.
# ARGV: the other worker, this worker, how many crashes a job may have (0: it left in good order, nothing is counted).
# Returns [queue, id, fields] of the jobs to set aside, which are then in the own taken hash.
_GIVE_BACK = (
    _PRELUDE
    + """
local entries, aside = redis.call('HGETALL', KEYS[1]), {}
local most = tonumber(ARGV[3])
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
for index = #entries - 1, 1, -2 do
  local id, queue = entries[index], entries[index + 1]
  local key = 'rq:job:' .. id
  redis.pcall('ZREM', 'rq:wip:' .. string.sub(queue, 10), id .. ':' .. ARGV[1])
  local job = redis.pcall('HGETALL', key)
  if not job.err and #job > 0 then
    if most > 0 and redis.call('HINCRBY', key, 'crashes', 1) >= most then
      redis.call('HSET', KEYS[3], id, queue)
      aside[#aside + 1] = {queue, id, job}
    else
      redis.call('HSET', key, 'status', 'queued')
      redis.call('LPUSH', queue, id)
      redis.call('LPUSH', KEYS[4], '1')
    end
  end
end
if #aside > 0 then redis.call('SADD', KEYS[2], ARGV[2]) end
return aside
"""
)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A job that was taken off a queue: its id, its queue's key, and its hash as it lies in Redis."""

    job_id: bytes
    queue_key: str
    fields: dict[bytes, bytes]

    @property
    def queue(self) -> str:
        """The queue's name."""
        return self.queue_key.removeprefix(QUEUE_PREFIX)

    @property
    def kind(self) -> str:
        """The task that the job says it is of; empty where it says none."""
        try:
            task = json.loads(self.fields.get(b"meta", b""))["task"]
        except (ValueError, TypeError, KeyError):
            return ""
        return task if isinstance(task, str) else ""


class Taker:
    """Takes jobs for one worker."""

    def __init__(self, connection: Redis, worker: str) -> None:
        self._worker = worker
        self._own = names.taken(worker)
        self._queues = [QUEUE_PREFIX + name for name in names.QUEUES]
        self._take = connection.register_script(_TAKE)
        self._give_back = connection.register_script(_GIVE_BACK)

    def take(self, most: dict[str, int], *, kind: str = "") -> list[Taken]:
        """Take waiting jobs of one kind from the most urgent queue that has any, oldest first.

        Args:
            most: how many at most, for each queue's name; 0 leaves it alone.
            kind: the task; "": that of the oldest job.
        """
        limits = [most.get(name, 0) for name in names.QUEUES]
        arguments: list[str | int] = [self._worker, DEPTH_FACTOR, LEAST_DEPTH, kind, *limits]
        return _read(self._take(keys=[self._own, names.TAKERS, *self._queues], args=arguments))

    def give_back(self) -> None:
        """Put back what this worker has taken and not finished, before all that waits."""
        self._return(self._worker, most_crashes=0)

    def take_over(self, dead_worker: str) -> list[Taken]:
        """Put back what a worker had taken when it died; returns the jobs that have crashed too often, now taken by this worker."""
        return self._return(dead_worker, most_crashes=MOST_CRASHES)

    def _return(self, worker: str, *, most_crashes: int) -> list[Taken]:
        keys = [names.taken(worker), names.TAKERS, self._own, names.BELL]
        return _read(self._give_back(keys=keys, args=[worker, self._worker, most_crashes]))


def _read(rows: Sequence[Any]) -> list[Taken]:
    found = []
    for queue, job_id, flat in rows:
        fields = dict(zip(flat[::2], flat[1::2], strict=True))
        found.append(Taken(job_id=job_id, queue_key=queue.decode(), fields=fields))
    return found

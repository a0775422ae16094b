"""Token buckets in Redis: how often somebody may ask. All buckets of a question are looked at and taken from in one step.

A bucket is kept as one moment, as the Generic Cell Rate Algorithm does it (ITU-T I.371, annex A, "virtual scheduling"): when it would
be full again. That is the same as counting tokens, with nothing that must be refilled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import redis.asyncio

# By the clock of Redis: those of several bots differ. Where that clock was set back, no bucket is more than empty: nobody waits for it to
# catch up. Waits under a millisecond are the rounding of large numbers. Redis before 7 must be told to replicate what a script does
# instead of the script, which reads the clock.
# KEYS: the buckets. ARGV: of each bucket how many tokens it gets a minute, then how many it holds.
# Returns which bucket lets the question wait longest (from 1; 0: none, and one token was taken from each), and for how many seconds.
_TAKE = """
if redis.replicate_commands then redis.replicate_commands() end
local clock = redis.call('TIME')
local now, full_at, longest, slowest = clock[1] + clock[2] / 1000000, {}, 0, 0
for number, key in ipairs(KEYS) do
  local each, holds = 60 / ARGV[2 * number - 1], tonumber(ARGV[2 * number])
  local known = math.min(tonumber(redis.call('GET', key) or 0), now + each * holds)
  full_at[number] = math.max(now, known) + each
  local wait = full_at[number] - each * holds - now
  if wait > longest and wait > 0.001 then longest, slowest = wait, number end
end
if slowest == 0 then
  for number, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.6f', full_at[number]), 'PX', math.ceil((full_at[number] - now) * 1000))
  end
end
return {slowest, string.format('%.3f', longest)}
"""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """`key` is its name in Redis. It gets `a_minute` tokens (over 0) and holds `at_once` of them (1 or more)."""

    key: str
    a_minute: int
    at_once: int


class Buckets:
    """Takes tokens. For one event loop; raises `redis.exceptions.RedisError` where Redis cannot be reached."""

    def __init__(self, connection: redis.asyncio.Redis) -> None:
        self._take = connection.register_script(_TAKE)

    async def take(self, buckets: Sequence[Bucket]) -> tuple[Bucket, float] | None:
        """Take one token from every bucket, or from none where one of them is empty.

        Returns None, or the bucket that lets wait longest with the seconds until all have a token again.
        """
        if not buckets:
            return None
        arguments = [value for bucket in buckets for value in (bucket.a_minute, bucket.at_once)]
        slowest, wait_s = await self._take(keys=[bucket.key for bucket in buckets], args=arguments)
        return (buckets[int(slowest) - 1], float(wait_s)) if int(slowest) else None

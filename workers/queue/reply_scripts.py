"""What happens to answers inside Redis: many are looked at, or forgotten, in one step."""

from __future__ import annotations

# KEYS: of each job its delivery, its outcome, and what says that it was cancelled.
# Returns of each: the delivery's fields and values, the outcome or nil, and whether it was cancelled; a refusal is in its own place.
LOAD = """
local found = {}
for place = 1, #KEYS, 3 do
  found[#found + 1] = {
    redis.pcall('HGETALL', KEYS[place]), redis.pcall('GET', KEYS[place + 1]), redis.call('EXISTS', KEYS[place + 2])
  }
end
return found
"""

# KEYS: the stream, then of each job its person's set, its delivery, its outcome, and what its blobs' names begin with.
# ARGV: the group, how many blobs there may be, seconds that the delivery is kept, then of each job its entry's id and its own.
# The delivery stays a little: it tells a repeated event from a new one.
FINISH = """
for number = 1, (#KEYS - 1) / 4 do
  local first, entry, job = 4 * number - 2, ARGV[2 * number + 2], ARGV[2 * number + 3]
  redis.call('XACK', KEYS[1], ARGV[1], entry)
  redis.call('XDEL', KEYS[1], entry)
  redis.call('ZREM', KEYS[first], job)
  redis.call('HSET', KEYS[first + 1], 'record', '{}')
  redis.call('EXPIRE', KEYS[first + 1], ARGV[3])
  local gone = {KEYS[first + 2]}
  for index = 0, ARGV[2] - 1 do gone[#gone + 1] = KEYS[first + 3] .. index end
  redis.call('DEL', unpack(gone))
end
return redis.status_reply('OK')
"""

"""What happens to answers inside Redis: many are looked at, or forgotten, in one step."""

from __future__ import annotations

# KEYS: of each job its delivery, its outcome, what says that it was cancelled, and its address.
# Returns of each: the delivery's fields and values, the outcome or nil, whether it was cancelled, and whether it is known whom to tell;
# a refusal is in its own place.
LOAD = """
local found = {}
for place = 1, #KEYS, 4 do
  found[#found + 1] = {
    redis.pcall('HGETALL', KEYS[place]), redis.pcall('GET', KEYS[place + 1]), redis.call('EXISTS', KEYS[place + 2]),
    redis.call('EXISTS', KEYS[place + 3])
  }
end
return found
"""

# KEYS: a job's delivery. ARGV: a field and its value. Nothing for a job that is gone, or over.
MARK = """
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'over') == 1 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
"""

# KEYS: the stream, then of each job its person's set, its delivery, its outcome, what its blobs' names begin with, and its address.
# ARGV: the group, how many blobs there may be, seconds that the delivery is kept, then of each job its entry's id and its own.
# An empty delivery stays a little: it tells a repeated event from a new one.
FINISH = """
for number = 1, (#KEYS - 1) / 5 do
  local first, entry, job = 5 * number - 3, ARGV[2 * number + 2], ARGV[2 * number + 3]
  redis.call('XACK', KEYS[1], ARGV[1], entry)
  redis.call('XDEL', KEYS[1], entry)
  redis.call('ZREM', KEYS[first], job)
  redis.call('DEL', KEYS[first + 1])
  redis.call('HSET', KEYS[first + 1], 'record', '{}', 'over', '1')
  redis.call('EXPIRE', KEYS[first + 1], ARGV[3])
  local gone = {KEYS[first + 2], KEYS[first + 4]}
  for index = 0, ARGV[2] - 1 do gone[#gone + 1] = KEYS[first + 3] .. index end
  redis.call('DEL', unpack(gone))
end
return redis.status_reply('OK')
"""

# KEYS: the stream. ARGV: the group, a consumer, then others that are no more: it takes over what they had.
INHERIT = """
for number = 3, #ARGV do
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1000, ARGV[number])
  local claim = {'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0}
  for _, entry in ipairs(held) do claim[#claim + 1] = entry[1] end
  claim[#claim + 1] = 'JUSTID'
  if #held > 0 then redis.call(unpack(claim)) end
  if #held < 1000 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[number]) end
end
return redis.status_reply('OK')
"""

# KEYS: the queues, then the platform's stream. ARGV: the platform, the time, what is answered to a job whose time is over, seconds that
# this is kept, and how far into each queue to look: the oldest stand first.
OVERDUE = """
local dropped = 0
for number = 1, #KEYS - 1 do
  for _, id in ipairs(redis.call('LRANGE', KEYS[number], 0, ARGV[5] - 1)) do
    local written = redis.pcall('GET', 'yomite:address:' .. id)
    local ok, address = pcall(cjson.decode, type(written) == 'string' and written or '')
    local till = ok and type(address) == 'table' and address.platform == ARGV[1] and tonumber(address['until'])
    if till and till < tonumber(ARGV[2]) then
      redis.call('LREM', KEYS[number], 1, id)
      redis.call('HDEL', 'yomite:heads', id)
      redis.call('DEL', 'rq:job:' .. id)
      redis.call('SET', 'yomite:outcome:' .. id, ARGV[3], 'EX', ARGV[4])
      redis.call('XADD', KEYS[#KEYS], '*', 'job', id)
      dropped = dropped + 1
    end
  end
end
return dropped
"""

"""What happens to failed jobs inside Redis: one is put back, or dropped, in one step, so that two who ask at once do it once."""

from __future__ import annotations

# What both begin with. KEYS: the registry of failed jobs, the job's hash, its delivery, its outcome, its address, its platform's stream,
# what says that it was cancelled, the hash of jobs that were looked at.
# ARGV: the job's id, the bots' group, what its blobs' names begin with, how many there may be, how many entries the stream has for it,
# those entries.
# `told`: its person was told already, or it is not known any more whom to tell. `telling`: a bot has the answer in its hands just now.
_PRELUDE = """
local id, group, blobs, most, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if not redis.call('ZSCORE', KEYS[1], id) then
  local status = redis.pcall('HGET', KEYS[2], 'status')
  return 'no:' .. (type(status) == 'string' and status or '')
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], id)
  return 'no:'
end
local entries, telling = {}, false
for number = 6, 5 + count do
  local entry = ARGV[number]
  if #redis.call('XRANGE', KEYS[6], entry, entry) > 0 then
    entries[#entries + 1] = entry
    local held = redis.pcall('XPENDING', KEYS[6], group, entry, entry, 1)
    if not held.err and #held > 0 then telling = true end
  end
end
local record = redis.call('HGET', KEYS[3], 'record')
local told = not record or redis.call('HEXISTS', KEYS[3], 'over') == 1
  or (record == '{}' and redis.call('EXISTS', KEYS[4]) == 0)
local function delete_outcome()
  local gone = {KEYS[4]}
  for index = 0, most - 1 do gone[#gone + 1] = blobs .. index end
  redis.call('DEL', unpack(gone))
end
"""

# More KEYS: the queue's list, RQ's set of queues, the bell, the person's set.
# More ARGV, after the entries: the time as RQ writes it, the time, seconds that the job is kept, seconds that the answer is, most
# entries of the bell, the address ('': none), seconds that this is kept, seconds that the job may take now.
# A job that ended workers is taken alone, and given up at the next one.
RETRY = (
    _PRELUDE
    + """
if redis.call('EXISTS', KEYS[7]) == 1 then return 'cancelled' end
if telling then return 'telling' end
local first = 6 + count
redis.call('ZREM', KEYS[1], id)
if not told then
  if #entries > 0 then redis.call('XDEL', KEYS[6], unpack(entries)) end
  delete_outcome()
  redis.call('EXPIRE', KEYS[3], ARGV[first + 3])
  if ARGV[first + 5] ~= '' and redis.call('EXISTS', KEYS[5]) == 1 then
    redis.call('SET', KEYS[5], ARGV[first + 5], 'EX', ARGV[first + 6])
  end
  redis.call('ZADD', KEYS[12], ARGV[first + 1], id)
  redis.call('EXPIRE', KEYS[12], ARGV[first + 3])
end
redis.call('HSET', KEYS[2], 'status', 'queued', 'enqueued_at', ARGV[first], 'timeout', ARGV[first + 7],
  'started_at', '', 'ended_at', '', 'worker_name', '')
redis.call('HDEL', KEYS[2], 'exc_info')
redis.call('HINCRBY', KEYS[2], 'retried', 1)
if redis.call('HEXISTS', KEYS[2], 'crashes') == 1 then redis.call('HSET', KEYS[2], 'crashes', 1) end
redis.call('EXPIRE', KEYS[2], ARGV[first + 2])
redis.call('HDEL', KEYS[8], id)
redis.call('SADD', KEYS[10], KEYS[9])
redis.call('RPUSH', KEYS[9], id)
redis.call('LPUSH', KEYS[11], '1')
redis.call('LTRIM', KEYS[11], 0, ARGV[first + 4] - 1)
return told and 'again_untold' or 'again'
"""
)

# More ARGV, after the entries: what a person is told who was told nothing yet ('': there is none), and seconds that this is kept.
# Where a person is still to be told that it failed, what that needs stays; the bot deletes it then.
DROP = (
    _PRELUDE
    + """
local first = 6 + count
redis.call('ZREM', KEYS[1], id)
redis.call('DEL', KEYS[2], KEYS[2] .. ':dependents', KEYS[2] .. ':dependencies')
redis.call('HDEL', KEYS[8], id)
if #entries > 0 and not told then return 'dropped_telling' end
if told or ARGV[first] == '' then
  delete_outcome()
  redis.call('DEL', KEYS[5])
  if redis.call('HEXISTS', KEYS[3], 'over') == 0 then redis.call('DEL', KEYS[3]) end
  return 'dropped'
end
redis.call('SET', KEYS[7], '1', 'EX', ARGV[first + 1])
redis.call('SET', KEYS[4], ARGV[first], 'EX', ARGV[first + 1])
redis.call('XADD', KEYS[6], '*', 'job', id)
return 'dropped_telling'
"""
)

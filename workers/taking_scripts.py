"""The scripts that take jobs off the queues and put them back, each one step inside Redis."""

from __future__ import annotations

# Redis before 7 must be told to replicate what a script does instead of the script, which reads before it writes.
_PRELUDE = """
if redis.replicate_commands then redis.replicate_commands() end
local function read(text)
  local ok, meta = pcall(cjson.decode, text or '')
  if not ok or type(meta) ~= 'table' then return '', ':' end
  local function word(value) return type(value) == 'string' and value or '' end
  return word(meta.task), word(meta.platform) .. ':' .. word(meta.person)
end
"""

# Whose turn it is, a kind of fair queuing (Nagle, RFC 970: a turn for each source, not for each packet): a person's turn comes by the
# moment at which a job of theirs was taken last, or their oldest waiting one came, whichever is later. So whoever has just asked goes
# before somebody whose jobs have kept workers busy, and since a turn does not change while its person waits, nobody waits for ever.
# The job whose turn it is says the kind; then each person gives a job of that kind in turn, their oldest first.
# Only the head of a queue is looked at: all of it would take too long where thousands wait. What was read of a job at the first look is
# kept, for decoding takes longer than all the rest.
#
# KEYS: the taken hash, the set of takers, the hash of turns, that of what was read, the queues, most urgent first.
# ARGV: worker, how many jobs to look at, the time as RQ writes it, most entries and seconds of the two hashes, the kinds to take
# between bars ('': whatever comes), then for each queue how many jobs to take of it.
# A job without a kind, or one that was running when a worker died, is taken alone, the latter before all. Entries without a job are
# dropped.
TAKE = (
    _PRELUDE
    + """
local taken, takers, turns, heads, wanted = KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[6]
local moment = #ARGV[3]
-- What matters of a waiting job, in a form to keep: of which group it is (all that crashed, else of one kind and person), and since when
-- it waits, always as long. Nil where there is no job.
local function described(id)
  local key = 'rq:job:' .. id
  local row = redis.pcall('HMGET', key, 'crashes', 'meta', 'enqueued_at')
  if row.err or (not row[2] and redis.call('EXISTS', key) == 0) then return nil end
  local task, person = read(row[2])
  if string.find(task, '\\n', 1, true) then task = '' end
  local since = row[3] and #row[3] == moment and row[3] or string.rep('0', moment)
  return (row[1] and '!' or ' ') .. task .. '\\n' .. person .. since
end
local function keep(new)
  redis.pcall('HSET', heads, unpack(new))  -- a full Redis refuses, which does not matter
  if redis.call('HLEN', heads) > tonumber(ARGV[4]) then redis.call('DEL', heads) end
  redis.call('EXPIRE', heads, ARGV[5])
end
-- A group's name → its places in the queue, in order; with its kind, its person, and when it is that person's turn.
local function new_group(name, since, known)
  local mark, task, person = string.match(name, '^(.)([^\\n]*)\\n(.*)$')
  if not known[person] then
    local last = redis.call('HGET', turns, person) or ''
    known[person] = last > since and last or since
  end
  if mark == '!' then return {kind = '', person = person, turn = ''} end
  return {kind = task, person = person, turn = known[person]}
end
local function look_at(queue)
  local ids, by_name, groups, known, new = redis.call('LRANGE', queue, 0, ARGV[2] - 1), {}, {}, {}, {}
  local kept = #ids > 0 and redis.call('HMGET', heads, unpack(ids)) or {}
  for place, id in ipairs(ids) do
    local head = kept[place]
    if not head then
      head = described(id)
      if head then
        new[#new + 1] = id
        new[#new + 1] = head
      else
        redis.call('LREM', queue, 1, id)
      end
    end
    if head then
      local name = string.sub(head, 1, -1 - moment)
      local group = by_name[name]
      if not group then
        group = new_group(name, string.sub(head, -moment), known)
        by_name[name] = group
        groups[#groups + 1] = group
      end
      group[#group + 1] = place
    end
  end
  if #new > 2 then keep(new) end
  return ids, groups
end
local function before(one, other)
  if one.turn ~= other.turn then return one.turn < other.turn end
  return one[1] < other[1]
end
local function in_turn(groups, most)
  local places, round, came = {}, 0, true
  while came and #places < most do
    round, came = round + 1, false
    for _, group in ipairs(groups) do
      if group[round] and #places < most then
        places[#places + 1] = {place = group[round], person = group.person}
        came = true
      end
    end
  end
  table.sort(places, function(one, other) return one.place < other.place end)
  return places
end
local function those(groups, fits)
  local found = {}
  for _, group in ipairs(groups) do
    if fits(group) then found[#found + 1] = group end
  end
  return found
end
local function choose(groups, most)
  if wanted ~= '' then
    groups = those(groups, function(group) return string.find(wanted, '|' .. group.kind .. '|', 1, true) end)
  end
  table.sort(groups, before)
  local first = groups[1]
  if not first then return {} end
  if first.kind == '' then return {{place = first[1], person = first.person}} end
  return in_turn(those(groups, function(group) return group.kind == first.kind end), most)
end
local function take(queue, ids, chosen)
  local found = {}
  for _, job in ipairs(chosen) do
    local id = ids[job.place]
    redis.call('LREM', queue, 1, id)
    redis.call('HDEL', heads, id)
    local fields = redis.pcall('HGETALL', 'rq:job:' .. id)
    if not fields.err and #fields > 0 then
      redis.call('HSET', taken, id, queue)
      redis.call('HSET', turns, job.person, ARGV[3])
      found[#found + 1] = {queue, id, fields}
    end
  end
  if #found > 0 then
    redis.call('SADD', takers, ARGV[1])
    if redis.call('HLEN', turns) > tonumber(ARGV[4]) then redis.call('DEL', turns) end
    redis.call('EXPIRE', turns, ARGV[5])
  end
  return found
end
for number = 5, #KEYS do
  local queue, most = KEYS[number], tonumber(ARGV[number + 2])
  repeat
    local ids, groups = look_at(queue)
    local chosen = choose(groups, most)
    local found = take(queue, ids, chosen)
    if #found > 0 then return found end
  until #chosen == 0
end
return {}
"""
)

# KEYS: the taken hash of the other worker, the set of takers, the own taken hash, the bell, the other worker's mark that it was told to
# stop, the hash of turns, that of what was read.
# ARGV: the other worker, this worker, how many crashes a job may have (0: it left in good order, nothing is counted).
# One that was told to stop did not end of its jobs, whatever ended it in the end: nothing is counted either.
# Whose job is put back uncounted has not had their turn.
# Returns [queue, id, fields] of the jobs to set aside, which are then in the own taken hash.
GIVE_BACK = (
    _PRELUDE
    + """
local entries, aside = redis.call('HGETALL', KEYS[1]), {}
local most = redis.call('DEL', KEYS[5]) == 1 and 0 or tonumber(ARGV[3])
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
for index = #entries - 1, 1, -2 do
  local id, queue = entries[index], entries[index + 1]
  local key = 'rq:job:' .. id
  redis.pcall('ZREM', 'rq:wip:' .. string.sub(queue, 10), id .. ':' .. ARGV[1])
  local job = redis.pcall('HGETALL', key)
  if not job.err and #job > 0 then
    -- Where it cannot be counted, it has been too often: an error here would lose the others.
    if most > 0 and (tonumber(redis.pcall('HINCRBY', key, 'crashes', 1)) or most) >= most then
      redis.call('HSET', KEYS[3], id, queue)
      aside[#aside + 1] = {queue, id, job}
    else
      redis.call('HSET', key, 'status', 'queued')
      redis.call('HDEL', KEYS[7], id)
      redis.call('LPUSH', queue, id)
      redis.call('LPUSH', KEYS[4], '1')
      if most == 0 then
        local _, person = read(redis.call('HGET', key, 'meta'))
        redis.call('HDEL', KEYS[6], person)
      end
    end
  end
end
if #aside > 0 then redis.call('SADD', KEYS[2], ARGV[2]) end
return aside
"""
)

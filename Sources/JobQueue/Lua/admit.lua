-- Purpose: moves the oldest messages of a queue, decoded by the caller, into the lanes of their games.
-- Keys: 1 {ns}:meta, 2 {ns}:queue:NAME.
-- Arguments: queue, worker, node, most live starts, most other live jobs, then 11 per message, the oldest
--   first: SHA-1 of its bytes, "job" or "rejected", id, kind, game, deadline in ms, most attempts, marks
--   ("s" makes waiting starts pointless, "c" also cancels a running one), enqueued_at, traceparent,
--   error code and sentence of a rejected one joined by a space. What is not known is empty.
-- Answers: messages taken off the queue, and 1 where the window was full, else 0.
-- One step because: popped and placed at once, no two workers can swap two messages of a game, and a
--   worker that dies loses none. Where another worker was first the bytes differ and nothing is done.
local queue, worker, node = ARGV[1], ARGV[2], ARGV[3]
local most_starts, most_others = tonumber(ARGV[4]), tonumber(ARGV[5])
local live = redis.call('HMGET', META, 'live_starts', 'live_others')
local live_starts, live_others = tonumber(live[1] or 0), tonumber(live[2] or 0)
local seq = tonumber(settings[3] or 0)
local taken, full = 0, 0

local function reject(id, kind, game, problem, message)
  local fields = { 'job_id', id }
  if kind ~= '' then fields[#fields + 1] = 'kind' fields[#fields + 1] = kind end
  if game ~= '' then fields[#fields + 1] = 'game_id' fields[#fields + 1] = game end
  local code, sentence = string.match(problem, '^(%S+) (.*)$')
  for _, text in ipairs({ 'outcome', 'rejected', 'effect', 'none', 'error_code', code, 'error', sentence,
    'worker', worker, 'node', node }) do
    fields[#fields + 1] = text
  end
  bury(id, '1', queue, code, sentence, message)
  publish_result(id, 'dead', '', fields)
end

-- The waiting head of the lane may have become pointless, or a running one is to be cancelled.
local function supersede(game, marks)
  redis.call('HSET', P .. 'superseded', game, seq)
  local head = redis.call('LINDEX', P .. 'lane:' .. game, 0)
  local job = redis.call('HMGET', P .. 'job:' .. head, 'kind', '_worker')
  if not starts(job[1]) then return end
  local state = redis.call('HGET', P .. 'lanes', game)
  if state == 'a' then
    if string.find(marks, 'c', 1, true) and job[2] then
      redis.call('HSET', P .. 'job:' .. head, '_cancel', '1')
      redis.call('RPUSH', P .. 'bell:' .. job[2], 'cancel')
      redis.call('PEXPIRE', P .. 'bell:' .. job[2], 60000)
    end
    return
  end
  if state == 'd' then redis.call('ZREM', P .. 'delay', head) else unready(game) end
  settle(game, node)
end

local function place(id, message, base)
  local kind, game, marks = ARGV[base + 3], ARGV[base + 4], ARGV[base + 7]
  seq = seq + 1
  local fields = { 'state', 'waiting', 'job_id', id, 'kind', kind, 'game_id', game, '_message', message,
    '_queue', queue, '_seq', seq, '_attempts', 0, '_most', ARGV[base + 6], '_run', 1 }
  for name, offset in pairs({ _deadline = 5, _enqueued_at = 8, _traceparent = 9 }) do
    if ARGV[base + offset] ~= '' then
      fields[#fields + 1] = name
      fields[#fields + 1] = ARGV[base + offset]
    end
  end
  redis.call('HSET', P .. 'job:' .. id, unpack(fields))
  local length = redis.call('RPUSH', P .. 'lane:' .. game, id)
  if starts(kind) then live_starts = live_starts + 1 else live_others = live_others + 1 end
  local deadline = tonumber(ARGV[base + 5])
  if length == 1 then
    settle(game, node)
  elseif string.find(marks, 's', 1, true) and not (deadline and deadline < now) then
    supersede(game, marks)
  end
end

for base = 6, #ARGV, 11 do
  local message = redis.call('LINDEX', KEYS[2], -1)
  if not message or redis.sha1hex(message) ~= ARGV[base] then break end
  local id, kind = ARGV[base + 2], ARGV[base + 3]
  local seen = redis.call('EXISTS', P .. 'job:' .. id) == 1
  if not seen and ARGV[base + 1] == 'job' then
    if starts(kind) and live_starts >= most_starts or not starts(kind) and live_others >= most_others then
      full = 1
      break
    end
  end
  redis.call('RPOP', KEYS[2])
  taken = taken + 1
  if seen then
    redis.call('HINCRBY', META, 'duplicates', 1)
  elseif ARGV[base + 1] == 'job' then
    place(id, message, base)
  else
    redis.call('HINCRBY', META, 'rejected', 1)
    reject(id, kind, ARGV[base + 4], ARGV[base + 10], message)
  end
end
if taken > 0 then
  redis.call('HSET', META, 'seq', seq, 'live_starts', live_starts, 'live_others', live_others)
end
return { taken, full }

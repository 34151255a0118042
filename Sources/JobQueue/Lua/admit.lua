-- Purpose: moves the oldest messages of a queue, decoded by the caller, into the lanes of their games.
-- Keys: 1 {ns}:meta, 2 {ns}:queue:NAME, 3 {ns}:overflow:NAME, 4 {ns}:overflowing:NAME.
-- Arguments: queue, worker, node, most live starts, most other live jobs, "queue" or "overflow" (which peek had
--   read), then 11 per message, the oldest first: SHA-1 of its bytes, "job" or "rejected", id, kind, game,
--   deadline in ms, most attempts, marks ("s" makes waiting starts pointless, "c" also cancels a running one),
--   enqueued_at, traceparent, error code and sentence of a rejected one joined by a space. What is not known is empty.
-- Answers: messages taken off the list, and 1 where the window was full, else 0.
-- One step because: popped and placed at once, no two workers can swap two messages of a game, and a
--   worker that dies loses none. Where another worker was first the bytes differ and nothing is done.
local queue, worker, node, source = ARGV[1], ARGV[2], ARGV[3], ARGV[6]
local most_starts, most_others = tonumber(ARGV[4]), tonumber(ARGV[5])
local from_overflow = source == 'overflow'
local list = from_overflow and KEYS[3] or KEYS[2]
local overflowing = KEYS[4]
local taken, full = 0, 0

local function reject(job, problem)
  local fields = { 'job_id', job.id }
  if job.kind ~= '' then fields[#fields + 1] = 'kind' fields[#fields + 1] = job.kind end
  if job.game ~= '' then fields[#fields + 1] = 'game_id' fields[#fields + 1] = job.game end
  local code, sentence = string.match(problem, '^(%S+) (.*)$')
  for _, text in ipairs({ 'outcome', 'rejected', 'effect', 'none', 'error_code', code, 'error', sentence,
    'worker', worker, 'node', node }) do
    fields[#fields + 1] = text
  end
  bury(job.id, '1', queue, code, sentence, job.message)
  publish_result(job.id, 'dead', '', fields)
end

-- Starts that wait for room on any node do not keep out the stops that would make it: they are set aside, in their
-- order, as bytes. Per game there is counted what lies aside: all of it, and under ":b" what is no start.
local function set_aside(job)
  redis.call('LPUSH', KEYS[3], job.message)
  redis.call('HINCRBY', overflowing, job.game, 1)
  if not starts(job.kind) then redis.call('HINCRBY', overflowing, ':b' .. job.game, 1) end
end

local function decrement(field)
  if redis.call('HINCRBY', overflowing, field, -1) <= 0 then redis.call('HDEL', overflowing, field) end
end

-- A message has left the overflow. Answers whether a later stop has made it pointless meanwhile.
local function taken_back(job)
  if job.game ~= '' then
    decrement(job.game)
    if not starts(job.kind) then decrement(':b' .. job.game) end
  end
  local overtaken = starts(job.kind) and redis.call('HGET', overflowing, ':o' .. job.game)
  if overtaken then decrement(':o' .. job.game) end
  if redis.call('EXISTS', KEYS[3]) == 0 then redis.call('UNLINK', overflowing) end
  return overtaken
end

-- What becomes of a job: "place" it, set it "aside", or "wait" where the window is full.
local function decision(job)
  if starts(job.kind) then
    if not from_overflow and redis.call('EXISTS', KEYS[3]) == 1 then return 'aside' end
    if live_starts < most_starts then return 'place' end
    -- Nodes that are full say so with each claim.
    local no_room_at = tonumber(redis.call('HGET', META, 'no_room_at') or 0)
    return (not from_overflow and now - no_room_at < 5000) and 'aside' or 'wait'
  end
  if live_others >= most_others then return 'wait' end
  if from_overflow or redis.call('HEXISTS', overflowing, job.game) == 0 then return 'place' end
  -- It may overtake starts that it makes pointless, and nothing else of its game.
  local deadline = tonumber(job.deadline)
  local overtakes = string.find(job.marks, 's', 1, true) and not (deadline and deadline < now)
    and redis.call('HEXISTS', overflowing, ':b' .. job.game) == 0
  if not overtakes then return 'aside' end
  redis.call('HSET', overflowing, ':o' .. job.game, redis.call('HGET', overflowing, job.game))
  return 'place'
end

local function take(job, verdict)
  redis.call('RPOP', list)
  taken = taken + 1
  if verdict == 'aside' then return set_aside(job) end
  local pointless = from_overflow and taken_back(job)
  if verdict == 'seen' then
    redis.call('HINCRBY', META, 'duplicates', 1)
  elseif verdict == 'rejected' then
    redis.call('HINCRBY', META, 'rejected', 1)
    reject(job, job.problem)
  elseif pointless then
    end_unplaced(job, worker, node, superseded)
  else
    place(job, node)
  end
end

for base = 7, #ARGV, 11 do
  local message = redis.call('LINDEX', list, -1)
  if not message or redis.sha1hex(message) ~= ARGV[base] then break end
  local job = { id = ARGV[base + 2], kind = ARGV[base + 3], game = ARGV[base + 4], deadline = ARGV[base + 5],
    most = ARGV[base + 6], marks = ARGV[base + 7], enqueued_at = ARGV[base + 8], traceparent = ARGV[base + 9],
    problem = ARGV[base + 10], message = message, queue = queue, run = 1 }
  local verdict
  if redis.call('EXISTS', P .. 'job:' .. job.id) == 1 then
    verdict = 'seen'
  elseif ARGV[base + 1] == 'rejected' then
    verdict = 'rejected'
  else
    verdict = decision(job)
  end
  if verdict == 'wait' then
    full = 1
    break
  end
  take(job, verdict)
end
if taken > 0 then store_counters() end
return { taken, full }

-- Purpose: the one piece that puts jobs at the end of their lanes, and lets a stop make earlier starts pointless.
-- Keys: those of clock.lua.
-- Arguments: none of its own.
-- Answers: none of its own; place, end_unplaced and store_counters.
-- One step because: an admission number, the lane and the mark of a stop must not be torn apart.
local counters = redis.call('HMGET', META, 'live_starts', 'live_others')
local live_starts, live_others = tonumber(counters[1] or 0), tonumber(counters[2] or 0)
local seq = tonumber(settings[3] or 0)

local function store_counters()
  redis.call('HSET', META, 'seq', seq, 'live_starts', live_starts, 'live_others', live_others)
end

-- The waiting head of the lane may have become pointless, or a running one is to be cancelled.
local function supersede(game, marks, here)
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
  settle(game, here)
end

-- `job` has id, kind, game, message, queue, most, marks and run, and where the message has them deadline (ms),
-- enqueued_at and traceparent, else empty texts. `here` is the node of the calling worker.
local function place(job, here)
  seq = seq + 1
  local fields = { 'state', 'waiting', 'job_id', job.id, 'kind', job.kind, 'game_id', job.game, '_message', job.message,
    '_queue', job.queue, '_seq', seq, '_attempts', 0, '_most', job.most, '_run', job.run }
  for name, value in pairs({ _deadline = job.deadline, _enqueued_at = job.enqueued_at, _traceparent = job.traceparent }) do
    if value ~= '' then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  redis.call('HSET', P .. 'job:' .. job.id, unpack(fields))
  local length = redis.call('RPUSH', P .. 'lane:' .. job.game, job.id)
  if starts(job.kind) then live_starts = live_starts + 1 else live_others = live_others + 1 end
  local deadline = tonumber(job.deadline)
  if length == 1 then
    settle(job.game, here)
  elseif string.find(job.marks, 's', 1, true) and not (deadline and deadline < now) then
    supersede(job.game, job.marks, here)
  end
end

-- Ends a job that was never placed in its lane.
local function end_unplaced(job, worker, node, ending)
  local fields = { 'job_id', job.id, 'kind', job.kind, 'game_id', job.game }
  for index = 1, #ending do fields[#fields + 1] = ending[index] end
  for index, value in ipairs({ '0', worker, node, job.enqueued_at, job.traceparent }) do
    if value ~= '' then
      fields[#fields + 1] = ({ 'attempts', 'worker', 'node', 'enqueued_at', 'traceparent' })[index]
      fields[#fields + 1] = value
    end
  end
  publish_result(job.id, 'done', '', fields)
end

-- Purpose: leases the heads of ready lanes to a worker.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, nonce of the worker, lease in ms, most starts, most stops and removes, games
--   that the node may run (0: no bound), then the queues in order of priority.
-- Answers: the shared clock in ms, then one array per job: id, token, attempt, queue, message, for a restart what the
--   game's last successful start asked for (else empty), run, and 1 where the job is pointless by now and only what
--   an attempt before may have left behind is to be undone (else 0).
-- One step because: a head that is taken off its ready list must be under lease, or it would be lost
--   with the worker.
local worker, node, nonce = ARGV[1], ARGV[2], ARGV[3]
local lease_ms, slots = tonumber(ARGV[4]), tonumber(ARGV[7])
local wanted = { start = tonumber(ARGV[5]), stop = tonumber(ARGV[6]) }
local running = P .. 'running:' .. node
local claimed = { now }
local queues = {}
for index = 8, #ARGV do
  if redis.call('SISMEMBER', P .. 'paused', ARGV[index]) == 0 then queues[#queues + 1] = ARGV[index] end
end
-- Jobs that end here without being run are many at most after a flood of pointless starts.
local endings_left = 64

local function has_room(game)
  if slots == 0 then return true end
  return redis.call('SCARD', running) < slots or redis.call('SISMEMBER', running, game) == 1
end

-- Whether some node may have the container of a game that nobody is known to own: it lives and has not told, or Redis
-- knows too little yet for that to be said. A stop would find nothing and end without having stopped anything.
local function owners_unknown()
  if now < born + 3000 then return true end
  for _, untold in ipairs(redis.call('SRANDMEMBER', P .. 'untold', 8)) do
    local seen = tonumber(redis.call('ZSCORE', P .. 'nodes', untold) or 0)
    if seen > now - grace_ms then return true end
    redis.call('SREM', P .. 'untold', untold)
  end
  return false
end

local function pointless(game, job)
  return starts(job[1]) and tonumber(job[2]) < superseded_below(game)
end

-- Ends the head where it must not be begun any more. Answers whether it did.
local function ended(id, game, job)
  local ending
  if pointless(game, job) and not job[6] then
    ending = superseded
  elseif job[3] and tonumber(job[3]) < now and not job[6] then
    ending = { 'outcome', 'expired', 'effect', 'none', 'error', 'its deadline had passed before it was begun' }
  else
    return false
  end
  end_job(id, worker, node, ending)
  settle(game, node)
  endings_left = endings_left - 1
  return true
end

local function claim_head(game, class)
  local id = redis.call('LINDEX', P .. 'lane:' .. game, 0)
  if not id then
    redis.call('HDEL', P .. 'lanes', game)
    return
  end
  local key = P .. 'job:' .. id
  local job = redis.call('HMGET', key, 'kind', '_seq', '_deadline', '_message', '_queue', '_dirty', '_run')
  if not job[4] then
    -- The job's hash is gone, by hand or by eviction: the lane goes on without it.
    redis.call('HINCRBY', META, 'ghosts', 1)
    redis.call('LPOP', P .. 'lane:' .. game)
    settle(game, node)
    return
  end
  if ended(id, game, job) then return end
  local token = next_fence() .. '-' .. nonce
  redis.call('HSET', key, 'state', 'running', '_token', token, '_worker', worker, '_node', node, '_taken', now)
  local attempt = redis.call('HINCRBY', key, '_attempts', 1)
  redis.call('ZADD', P .. 'lease', now + lease_ms, id)
  redis.call('HSET', P .. 'lanes', game, 'a')
  if starts(job[1]) then
    -- Only an owner that this job made may be forgotten where it leaves nothing behind.
    if redis.call('HSETNX', P .. 'owner', game, node) == 1 then redis.call('HSET', key, '_owns', 1) end
    redis.call('HSET', P .. 'owner', game, node)
    redis.call('SADD', running, game)
  end
  wanted[class] = wanted[class] - 1
  local spec = job[1] == 'restart' and redis.call('GET', P .. 'spec:' .. game) or ''
  claimed[#claimed + 1] = { id, token, attempt, job[5], job[4], spec, tonumber(job[7] or 1), pointless(game, job) and 1 or 0 }
end

-- Whether the head of the lane only waits to be told that its time is over; for that it needs no room.
local function is_late(game)
  local id = redis.call('LINDEX', P .. 'lane:' .. game, 0)
  local job = redis.call('HMGET', P .. 'job:' .. (id or ''), '_deadline', '_dirty')
  return job[1] and tonumber(job[1]) < now and not job[2]
end

local function drain(class, list)
  while wanted[class] > 0 and endings_left > 0 do
    local game
    if class == 'stop' or slots == 0 then
      game = redis.call('ZPOPMIN', list)[1]
    else
      -- The first few, since one that holds its room already may stand behind one that waits for room.
      for _, candidate in ipairs(redis.call('ZRANGE', list, 0, 7)) do
        if has_room(candidate) or is_late(candidate) then
          game = candidate
          redis.call('ZREM', list, candidate)
          break
        end
      end
    end
    if not game then return end
    claim_head(game, class)
  end
end

local function drain_queues(class)
  local common_too = class == 'start' or not owners_unknown()
  for _, queue in ipairs(queues) do
    local list = P .. 'ready:' .. class .. ':' .. queue
    drain(class, list .. ':' .. node)
    if common_too then drain(class, list) end
  end
end

drain_queues('stop')
drain_queues('start')
-- What ended without being run made way in its lane for a job that belongs on a list that was looked at before.
if endings_left < 64 then
  drain_queues('stop')
  drain_queues('start')
end
if #claimed > 1 then store_fence() end

-- Who could take more is rung when there is more; who could not take all that is there rings another.
local room = slots == 0 or redis.call('SCARD', running) < slots
redis.call((wanted.start > 0 or wanted.stop > 0) and 'SADD' or 'SREM', P .. 'idle:' .. node, worker)
redis.call(wanted.start > 0 and room and 'SADD' or 'SREM', P .. 'idle', worker)
for _, queue in ipairs(queues) do
  if wanted.stop == 0 or endings_left == 0 then
    if redis.call('EXISTS', P .. 'ready:stop:' .. queue .. ':' .. node) == 1 then ring_node(node) end
    if redis.call('EXISTS', P .. 'ready:stop:' .. queue) == 1 then ring_any() end
  end
  if wanted.start == 0 and room and redis.call('EXISTS', P .. 'ready:start:' .. queue .. ':' .. node) == 1 then
    ring_node(node)
  end
  if (wanted.start == 0 or not room) and redis.call('EXISTS', P .. 'ready:start:' .. queue) == 1 then
    ring_any()
    if not room then redis.call('HSET', META, 'no_room_at', now) end
  end
end
return claimed

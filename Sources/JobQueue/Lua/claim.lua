-- Purpose: leases the heads of ready lanes to a worker.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, nonce of the worker, lease in ms, most starts, most stops and removes, games
--   that the node may run (0: no bound), then the queues in order of priority.
-- Answers: the time of the claim, RFC 3339, then one array per job: id, token, attempt, queue, message, for a restart what the
--   game's last successful start asked for (else empty), run, and where only what an attempt before may have left
--   behind is to be undone 1 (a stop has made the job pointless) or 2 (it has killed too many workers), else 0.
-- One step because: a head that is taken off its ready list must be under lease, or it would be lost
--   with the worker.
local worker, node, nonce = ARGV[1], ARGV[2], ARGV[3]
local lease_ms, slots = tonumber(ARGV[4]), tonumber(ARGV[7])
local wanted = { start = tonumber(ARGV[5]), stop = tonumber(ARGV[6]) }
local running = P .. 'running:' .. node
holding.key = running
-- An operator wants the node to begin no start: for starts it is as if it had no room.
local draining = call('SISMEMBER', P .. 'draining', node) == 1
local claimed = { now_rfc3339() }
local lease_until = string.format('%d', now + lease_ms)
local queues = {}
for index = 8, #ARGV do
  if call('SISMEMBER', P .. 'paused', ARGV[index]) == 0 then queues[#queues + 1] = ARGV[index] end
end
-- Jobs that end here without being run are many at most after a flood of pointless starts.
local endings_left = 64

local function has_room(game)
  if draining then return false end
  if slots == 0 then return true end
  return call('SCARD', running) < slots or call('SISMEMBER', running, game) == 1
end

-- Whether some node may have the container of a game that nobody is known to own: it lives and has not told, or Redis
-- knows too little yet for that to be said. A stop would find nothing and end without having stopped anything.
local function owners_unknown()
  if now < born + 3000 then return true end
  for _, untold in ipairs(call('SRANDMEMBER', P .. 'untold', 8)) do
    local seen = tonumber(call('ZSCORE', P .. 'nodes', untold) or 0)
    if seen > now - grace_ms then return true end
    call('SREM', P .. 'untold', untold)
  end
  return false
end

local function pointless(game, job)
  return starts(job[1]) and (job[6] == '2' or tonumber(job[2]) < superseded_below(game))
end

-- Ends the head where it must not be begun any more. Answers whether it did.
local function ended(id, game, job)
  local ending
  if pointless(game, job) and not job[6] then
    ending = superseded
  elseif (tonumber(job[3]) or now) < now and not job[6] then
    ending = { outcome = 'expired', error = 'its deadline had passed before it was begun' }
  else
    return false
  end
  end_job(id, worker, node, ending)
  advance(game, node)
  endings_left = endings_left - 1
  return true
end

local function claim_head(game, class)
  local id = lane_of(game) and lane_of(game).head
  if not id then return end
  local key = P .. 'job:' .. id
  local job = call('HMGET', key, 'kind', '_seq', '_deadline', '_message', '_queue', '_dirty', '_run', '_attempts',
    '_owns')
  if not job[4] then
    -- The job's hash is gone, by hand or by eviction: the lane goes on without it.
    call('HINCRBY', META, 'ghosts', 1)
    advance(game, node)
    return
  end
  if ended(id, game, job) then return end
  local token = next_fence() .. '-' .. nonce
  local attempt = tonumber(job[8] or 0) + 1
  call('HSET', key, 'state', 'running', '_token', token, '_worker', worker, '_node', node, '_taken', now_rfc3339(),
    '_attempts', attempt == 1 and '1' or attempt)
  -- Only an owner that this job made may be forgotten where it leaves nothing behind.
  if starts(job[1]) and not owner_of(game) and job[9] ~= '1' then call('HSET', key, '_owns', '1') end
  leases[#leases + 1] = lease_until
  leases[#leases + 1] = id
  set_lane(game, 'a', id)
  if starts(job[1]) then
    if owner_of(game) ~= node then set_owner(game, node) end
    if slots == 0 then holding.games[#holding.games + 1] = game else call('SADD', running, game) end
  end
  wanted[class] = wanted[class] - 1
  local spec = job[1] == 'restart' and call('GET', P .. 'spec:' .. game) or ''
  local undo = pointless(game, job) and (job[6] == '2' and 2 or 1) or 0
  claimed[#claimed + 1] = { id, token, attempt, job[5], job[4], spec, tonumber(job[7] or 1), undo }
end

-- Whether the head of the lane only waits to be told that its time is over; for that it needs no room.
local function is_late(game)
  local lane = lane_of(game)
  local job = call('HMGET', P .. 'job:' .. (lane and lane.head or ''), '_deadline', '_dirty')
  return (tonumber(job[1]) or now) < now and not job[2]
end

-- Takes games off a list, the oldest first, none that would need room that is not there.
local function pop(class, list)
  local most = math.min(wanted[class], endings_left, 64)
  if class == 'start' and (slots > 0 or draining) then
    most = draining and 0 or math.min(most, slots - call('SCARD', running))
    if most <= 0 then
      -- The first few, since one that holds its room already may stand behind one that waits for room.
      for _, candidate in ipairs(call('ZRANGE', list, 0, 7)) do
        if has_room(candidate) or is_late(candidate) then
          call('ZREM', list, candidate)
          return { candidate }
        end
      end
      return {}
    end
  end
  local games, popped = {}, call('ZPOPMIN', list, most)
  for index = 1, #popped, 2 do games[#games + 1] = popped[index] end
  return games
end

local function drain(class, list)
  while wanted[class] > 0 and endings_left > 0 do
    local games = pop(class, list)
    if #games == 0 then return end
    fetch(games)
    for _, game in ipairs(games) do claim_head(game, class) end
    write_ready()
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

-- Who could take more is rung when there is more; who could not take all that is there rings another.
local room = not draining and (slots == 0 or call('SCARD', running) < slots)
local takes_starts = wanted.start > 0 and room
call((wanted.start > 0 or wanted.stop > 0) and 'SADD' or 'SREM', P .. 'idle:' .. node, worker)
call(takes_starts and 'SADD' or 'SREM', P .. 'idle', worker)
for _, queue in ipairs(queues) do
  if wanted.stop == 0 or endings_left == 0 then
    if call('EXISTS', P .. 'ready:stop:' .. queue .. ':' .. node) == 1 then ring_node(node) end
    if call('EXISTS', P .. 'ready:stop:' .. queue) == 1 then ring_any() end
  end
  if not takes_starts then
    local waits_here = call('EXISTS', P .. 'ready:start:' .. queue .. ':' .. node) == 1
    local waits_anywhere = call('EXISTS', P .. 'ready:start:' .. queue) == 1
    if room and waits_here then ring_node(node) end
    if waits_anywhere then ring_any() end
    if not room and (waits_here or waits_anywhere) then call('HSET', META, 'no_room_at', now) end
  end
end
return claimed

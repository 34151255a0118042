-- Purpose: `claim` leases the heads of ready lanes to a worker, and ends expired and obsolete heads.
-- Arguments: worker, node, nonce, lease_ms, and:
--   starts, stops   free permits
--   slots           limit of games on the node; 0: no limit
--   queues          in order of priority
-- Returns: 1 if stops or removes wait for a permit, plus 2 if starts do; the time of the claim; then an array for each
--   job: id, token, attempt, queue, message, message of the game's last start (for a restart, else empty), run, undo,
--   digest, game. undo is 1 for an obsolete job, 2 for a job with too many dead workers, else 0.
-- Atomic because: a head without a ready list and without a lease would be lost with the worker.

-- Reserves fencing numbers for all jobs of the call, and returns the last number before them. The numbers contain the
-- time. So a failover with lost writes repeats no number.
local function reserve_fence(c)
  local last = tonumber(call('HGET', c.meta, 'fence') or 0)
  local before = math.max(last, c.now_us)
  call('HSET', c.meta, 'fence', string.format('%d', before + c.args.starts + c.args.stops))
  return before
end

-- Limit of heads of a class to end in one call.
local MOST_ENDED = 64

-- Returns whether some node may have the container of a game without a known owner. A stop would find nothing, and
--   would stop nothing. So these stops wait for the announcements of all nodes.
local function owners_unknown(c)
  -- Workers notice a loss of data within 2.5 s, and then announce their games.
  if c.now < c.created_at + 4000 then return true end
  return call('ZCOUNT', c.prefix .. 'unreported', c.now - context.settings(c).grace_ms, '+inf') > 0
end

-- Returns whether the node may run one game more, or this game.
local function has_capacity(c, claim, game)
  if claim.is_draining then return false end
  if c.args.slots == 0 then return true end
  local reserved = c.prefix .. 'reserved:' .. c.args.node
  return call('SCARD', reserved) < c.args.slots or game and call('SISMEMBER', reserved, game) == 1
end

-- Returns the ending of a head that must not run; nil for all others. An obsolete head with possible remains runs once
-- more, for the removal of the remains.
local function ending_of(c, job)
  job.is_obsolete = lanes.is_obsolete(c, job)
  if job.dirty then return nil end
  if job.is_obsolete then return lanes.SUPERSEDED end
  if jobs.is_late(c, job) then return lanes.EXPIRED end
end

-- Ends a head. If no result can be published now, the head is tried again in a second.
local function finish_head(c, job, ending)
  if retention.can_publish(c) then
    results.finish(c, job, ending)
    return lanes.advance(c, job.game_id)
  end
  call('ZADD', c.prefix .. 'delayed', c.now + 1000, job.id)
  lanes.write(c, job.game_id, 'delayed', job.id)
end

-- Leases a head to the worker. Returns the row of the reply.
local function lease(c, claim, job)
  local a, game, owner = c.args, job.game_id, lanes.owner(c, job.game_id)
  claim.fence = (claim.fence or reserve_fence(c)) + 1
  job.lease = { token = string.format('%d-%s', claim.fence, a.nonce), worker = a.worker, node = a.node,
    taken_at = context.now_text(c), attempts = job.lease.attempts + 1,
    owns = job.lease.owns or STARTS[job.kind] and not owner or false }
  leases.write(c, job, 'running')
  jobs.unwatch_deadline(c, job)
  call('ZADD', c.prefix .. 'leases', c.now + a.lease_ms, job.id)
  lanes.write(c, game, 'active', job.id, job.lease.token)
  if STARTS[job.kind] then
    call('HSET', c.prefix .. 'owners', game, a.node)
    call('SADD', c.prefix .. 'reserved:' .. a.node, game)
  end
  return { job.id, job.lease.token, job.lease.attempts, job.queue, jobs.message(c, job.id),
    job.kind == 'restart' and call('GET', c.prefix .. 'spec:' .. game) or '', job.run,
    job.is_obsolete and (job.dirty == '2' and 2 or 1) or 0, job.digest, game }
end

-- Takes a lane off its ready list and leases its head, or ends the head.
local function begin(c, claim, class, list, game)
  call('ZREM', list, game)
  local lane = lanes.read(c, game)
  local job = lane and jobs.read(c, lane.head)
  if not job then return lane and lanes.settle(c, game, lane.head) end
  local ending = ending_of(c, job)
  if ending then
    claim.most_ended[class] = claim.most_ended[class] - 1
    claim.has_ended = true
    return finish_head(c, job, ending)
  end
  claim.wanted[class] = claim.wanted[class] - 1
  claim.rows[#claim.rows + 1] = lease(c, claim, job)
end

-- Returns whether the head of a lane may begin here, or only ends.
local function may_begin(c, claim, class, game)
  if class == 'stop' or has_capacity(c, claim, game) then return true end
  local lane = lanes.read(c, game)
  local job = lane and jobs.read(c, lane.head)
  return not job or ending_of(c, job) ~= nil
end

-- Claims from one ready list, a few lanes at a time, the oldest first. Each lane has one turn. So a lane with many
-- obsolete starts does not hold up the lanes behind it. Without capacity, a few lanes are looked at: one of them may
-- hold a reservation, or may only end.
local function drain(c, claim, class, list)
  local has_more = true
  while has_more do
    has_more = false
    for _, game in ipairs(call('ZRANGE', list, 0, math.min(63, claim.wanted[class] + 7))) do
      if claim.wanted[class] <= 0 or claim.most_ended[class] <= 0 then return end
      if may_begin(c, claim, class, game) then
        has_more = true
        begin(c, claim, class, list, game)
      end
    end
  end
end

-- Claims stops before starts, queues in their order, and lists of the node before lists of all nodes.
local function drain_all(c, claim)
  for _, class in ipairs({ 'stop', 'start' }) do
    local common_too = class == 'start' or not owners_unknown(c)
    for _, queue in ipairs(claim.queues) do
      local list = c.prefix .. 'ready:' .. class .. ':' .. queue
      drain(c, claim, class, list .. ':' .. c.args.node)
      if common_too then drain(c, claim, class, list) end
    end
  end
end

-- Puts the worker into the idle set of a list, or out of it. Wakes another worker if jobs of the list wait and the
-- worker takes no more. Returns whether jobs wait.
local function park(c, list, is_idle)
  call(is_idle and 'SADD' or 'SREM', c.prefix .. 'idle:' .. list, c.args.worker)
  if call('EXISTS', c.prefix .. 'ready:' .. list) == 0 then return false end
  if not is_idle then workers.wake(c, list) end
  return not is_idle
end

local function park_all(c, claim)
  local waiting = { stop = false, start = false }
  for _, class in ipairs({ 'stop', 'start' }) do
    local has_permits = claim.wanted[class] > 0 and claim.most_ended[class] > 0
    local is_open = class == 'stop' or has_capacity(c, claim)
    for _, queue in ipairs(claim.queues) do
      local list = class .. ':' .. queue
      -- A game with a reservation needs no more capacity, so a full node still waits for its own starts.
      local own_waits = park(c, list .. ':' .. c.args.node, has_permits)
      local common_waits = park(c, list, has_permits and is_open)
      waiting[class] = waiting[class] or is_open and (own_waits or common_waits)
    end
  end
  return (waiting.stop and 1 or 0) + (waiting.start and 2 or 0)
end

local function claim(c)
  local a = c.args
  for _, queue in ipairs(a.queues) do c.claims[queue] = true end
  local state = { wanted = { start = a.starts, stop = a.stops }, rows = {}, queues = {}, has_ended = false,
    most_ended = { start = MOST_ENDED, stop = MOST_ENDED }, is_draining = lanes.is_listed(c, 'draining', a.node) }
  for _, queue in ipairs(a.queues) do
    if not lanes.is_listed(c, 'paused', queue) then state.queues[#state.queues + 1] = queue end
  end
  -- A head that ended may have made way for a job on a list that was drained before.
  local has_ended = false
  repeat
    state.has_ended = false
    drain_all(c, state)
    has_ended = has_ended or state.has_ended
  until not state.has_ended
  if has_ended and retention.can_publish(c) then retention.trim(c, 2 * MOST_ENDED) end
  return { park_all(c, state), context.now_text(c), state.rows }
end
define('claim', claim)

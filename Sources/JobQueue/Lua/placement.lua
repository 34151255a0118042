-- Purpose: which node runs a start that any node may run. A start wakes a worker on the best of a few nodes with
-- capacity for it. A worker leaves a start to a better node whose worker is idle, or has just been woken
-- (`{ns}:woken:QUEUE`).

local placement = {}

-- Number of idle workers to compare for a start. The best of a few random nodes is almost as good as the best of all.
local SAMPLE = 8

-- Time in ms for which a woken worker counts as about to claim, and for which a start may be left to other nodes.
placement.WOKEN_MS = 500

-- Returns whether an operator has drained the node. Read once in a call.
local function is_drained(c, node)
  if c.drained[node] == nil then
    c.drained[node] = redis.pcall('SISMEMBER', c.prefix .. 'draining', node) == 1
  end
  return c.drained[node]
end

-- Returns whether a node with the first load is a better place for a start: spread fills the emptiest node first, pack
-- the fullest.
local function prefers(c, first, second)
  if context.settings(c).packs == 1 then return first > second end
  return first < second
end

-- Returns living workers of a sample, each with its node and load, the best place first. The dead leave the idle set.
local function ordered(c, queue, sample)
  local found, names = {}, {}
  if #sample == 0 then return found end
  local nodes = call('HMGET', c.prefix .. 'worker_nodes', unpack(sample))
  local alive_until = call('ZMSCORE', c.prefix .. 'workers', unpack(sample))
  for index, worker in ipairs(sample) do
    if nodes[index] and tonumber(alive_until[index] or 0) > c.now then
      found[#found + 1], names[#names + 1] = { worker = worker, node = nodes[index] }, nodes[index]
    else
      call('SREM', c.prefix .. 'idle:start:' .. queue, worker)
    end
  end
  if #found == 0 then return found end
  for index, load in ipairs(reservations.loads(c, names)) do found[index].load = load end
  table.sort(found, function(first, second) return prefers(c, first.load, second.load) end)
  return found
end

-- Returns some idle workers for starts of a queue. Many dead ones do not hide the living for long.
local function idle_workers(c, queue)
  for _ = 1, 4 do
    local sample = call('SRANDMEMBER', c.prefix .. 'idle:start:' .. queue, SAMPLE)
    local found = ordered(c, queue, sample)
    if #found > 0 or #sample < SAMPLE then return found end
  end
  return {}
end

-- Returns some workers that can take a start of a queue now: they are idle, or were woken a moment ago. Each has its
-- node and load; the best place comes first.
local function rivals_of(c, queue)
  local sample = call('SRANDMEMBER', c.prefix .. 'idle:start:' .. queue, SAMPLE)
  local since = c.now - placement.WOKEN_MS
  local woken = call('ZRANGE', c.prefix .. 'woken:' .. queue, since, '+inf', 'BYSCORE', 'LIMIT', 0, SAMPLE)
  for _, worker in ipairs(woken) do sample[#sample + 1] = worker end
  return ordered(c, queue, sample)
end

-- Returns whether a node takes a start now; without a job, some start.
local function may_place(c, node, job)
  if is_drained(c, node) then return false end
  if not job then return reservations.has_capacity(c, node) end
  return reservations.fits(c, node, job.game_id, jobs.demand(c, job))
end

-- Takes an idle worker for a start out of its set. `job` is the start; nil: any start. `except` is a node that has left
-- the start to others. Returns the worker; nil if no node of the compared workers takes the start.
function placement.pop(c, queue, job, except)
  for _, candidate in ipairs(idle_workers(c, queue)) do
    if candidate.node ~= except and may_place(c, candidate.node, job) then
      call('SREM', c.prefix .. 'idle:start:' .. queue, candidate.worker)
      call('ZREMRANGEBYSCORE', c.prefix .. 'woken:' .. queue, '-inf', c.now - placement.WOKEN_MS)
      call('ZADD', c.prefix .. 'woken:' .. queue, c.now, candidate.worker)
      return candidate.worker
    end
  end
end

-- Returns whether another node is a better place for a start that any node may run: its worker can take the start, and
-- it has capacity for the start.
function placement.is_better_elsewhere(c, claim, job)
  local rivals = claim.rivals[job.queue]
  if not rivals then
    rivals = {}
    for _, candidate in ipairs(rivals_of(c, job.queue)) do
      if candidate.node ~= c.args.node then rivals[#rivals + 1] = candidate end
    end
    claim.rivals[job.queue] = rivals
  end
  local own = reservations.load(c, c.args.node)
  for _, rival in ipairs(rivals) do
    if prefers(c, reservations.load(c, rival.node), own) and may_place(c, rival.node, job) then
      return true
    end
  end
  return false
end

-- Returns whether a start may still be left to a better node. A worker that does not come keeps no start for long.
function placement.may_pass(c, lane)
  return not lane.passed_at or c.now < lane.passed_at + placement.WOKEN_MS
end

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

-- Returns living workers of a sample, each with its node and load, the best place first, and how many of them are idle:
-- the first `idle` workers of the sample. The dead leave the idle set. A worker that claims is no candidate.
local function ordered(c, queue, sample, idle)
  local found, names, living = {}, {}, 0
  if #sample == 0 then return found, living end
  local nodes = call('HMGET', c.prefix .. 'worker_nodes', unpack(sample))
  local alive_until = call('ZMSCORE', c.prefix .. 'workers', unpack(sample))
  for index, worker in ipairs(sample) do
    if not nodes[index] or tonumber(alive_until[index] or 0) <= c.now then
      call('SREM', c.prefix .. 'idle:start:' .. queue, worker)
    elseif worker ~= c.claimer then
      found[#found + 1] = { worker = worker, node = nodes[index], is_idle = index <= idle }
      names[#names + 1] = nodes[index]
      if index <= idle then living = living + 1 end
    end
  end
  if #found == 0 then return found, living end
  for index, load in ipairs(reservations.loads(c, names)) do found[index].load = load end
  table.sort(found, function(first, second) return prefers(c, first.load, second.load) end)
  return found, living
end

-- Returns some workers that can take a start of a queue now: they are idle, or were woken a moment ago. Each has its
-- node and load; the best place comes first. A call compares once: in a burst, each claim would else read the same
-- loads many times. Many dead workers do not hide the living for long.
local function candidates_of(c, queue)
  local found = c.candidates[queue]
  if found then return found end
  local since = c.now - placement.WOKEN_MS
  local woken = call('ZRANGE', c.prefix .. 'woken:' .. queue, since, '+inf', 'BYSCORE', 'LIMIT', 0, SAMPLE)
  for _ = 1, 4 do
    local sample = call('SRANDMEMBER', c.prefix .. 'idle:start:' .. queue, SAMPLE)
    local idle, living = #sample, 0
    for _, worker in ipairs(woken) do sample[#sample + 1] = worker end
    found, living = ordered(c, queue, sample, idle)
    found.has_all_idle = idle < SAMPLE
    if living > 0 or found.has_all_idle then break end
  end
  c.candidates[queue] = found
  return found
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
  if not c.candidates[queue] and call('EXISTS', c.prefix .. 'idle:start:' .. queue) == 0 then return nil end
  local candidates = candidates_of(c, queue)
  for _, candidate in ipairs(candidates) do
    if candidate.is_idle and candidate.node ~= except and may_place(c, candidate.node, job) then
      candidate.is_idle = false
      call('SREM', c.prefix .. 'idle:start:' .. queue, candidate.worker)
      call('ZREMRANGEBYSCORE', c.prefix .. 'woken:' .. queue, '-inf', c.now - placement.WOKEN_MS)
      call('ZADD', c.prefix .. 'woken:' .. queue, c.now, candidate.worker)
      return candidate.worker
    end
  end
  -- The next start is compared with other workers, if there are any.
  if not candidates.has_all_idle then c.candidates[queue] = nil end
end

-- Returns whether more starts wait on a list than all idle workers can begin, as far as the caller knows their permits.
-- Then each of them has enough, and a worker leaves no start to others.
function placement.is_crowded(c, queue, list)
  local woken = call('ZCOUNT', c.prefix .. 'woken:' .. queue, c.now - placement.WOKEN_MS, '+inf')
  local idle = call('SCARD', c.prefix .. 'idle:start:' .. queue) + woken
  return call('ZCARD', list) > idle * (c.args.permits or c.args.starts)
end

-- Returns whether another node is a better place for a start that any node may run: its worker can take the start, and
-- it has capacity for the start.
function placement.is_better_elsewhere(c, job)
  local own = reservations.load(c, c.args.node)
  for _, candidate in ipairs(candidates_of(c, job.queue)) do
    -- Those behind it are no better.
    if not prefers(c, candidate.load, own) then return false end
    if candidate.node ~= c.args.node and may_place(c, candidate.node, job) then return true end
  end
  return false
end

-- Returns whether a start may still be left to a better node. A worker that does not come keeps no start for long.
function placement.may_pass(c, lane)
  return not lane.passed_at or c.now < lane.passed_at + placement.WOKEN_MS
end

-- Purpose: `sweep` handles everything with a time: retries, expired leases, deadlines, and old data. Any worker sweeps
--   for all nodes.
-- Arguments: worker, node, engine_answers, alive_ms, lease_ms, after_outage, crash_limit (deaths
--   of workers after which a job is given up), most (jobs of each kind to move), queues.
-- Returns: retries made due, leases taken back, jobs given up, ms until the next sweep is necessary (-1: none), 1 if
--   the worker may find messages or jobs, 1 if the node has to announce its games plus 2 if the workers of the node
--   have different capacities.
-- Atomic because: a job leaves its time list and enters a ready list in one step.

-- Returns the keys with messages and jobs that the worker may take.
local function work_lists(c)
  local lists = {}
  for _, queue in ipairs(c.args.queues) do
    local stops, starts = lanes.list('stop', queue), lanes.list('start', queue)
    for _, list in ipairs({ 'inbox:' .. queue, 'queue:' .. queue, stops, starts, stops .. ':' .. c.args.node,
      starts .. ':' .. c.args.node }) do lists[#lists + 1] = c.prefix .. list end
  end
  return lists
end

-- Returns whether the worker may find messages or jobs. This repairs a lost wake-up.
local function may_have_work(c) return call('EXISTS', unpack(work_lists(c))) > 0 end

-- Returns whether there is nothing to move and no work. Each worker sweeps, and mostly there is nothing, so one command
-- has to say this.
local function is_idle(c)
  local keys = work_lists(c)
  for _, list in ipairs({ 'delayed', 'leases', 'deadlines', 'lost', 'lost:sought', 'moving' }) do
    keys[#keys + 1] = c.prefix .. list
  end
  return call('EXISTS', unpack(keys)) == 0
end

-- Returns the first time of a time list; nil if the list is empty.
local function first_of(c, list) return tonumber(call('ZRANGE', c.prefix .. list, 0, 0, 'WITHSCORES')[2]) end

-- Returns the due ids of a time list. Only the first is read if nothing is due.
local function due_of(c, list)
  local first = first_of(c, list)
  if not first or first > c.now then return {} end
  return call('ZRANGEBYSCORE', c.prefix .. list, '-inf', c.now, 'LIMIT', 0, c.args.most)
end

-- Takes a job off a time list. Returns the job; nil if its record is gone. Then its lane has to be searched.
local function take_due(c, list, id)
  call('ZREM', c.prefix .. list, id)
  local job = jobs.read(c, id)
  if not job then call('SADD', c.prefix .. 'lost', id) end
  return job
end

local function make_retries_due(c)
  local count = 0
  for _, id in ipairs(due_of(c, 'delayed')) do
    local job = take_due(c, 'delayed', id)
    if job then
      leases.write(c, job, 'waiting')
      lanes.make_ready(c, lanes.read(c, job.game_id), job)
      count = count + 1
    end
  end
  return count
end

-- Takes the lease of a dead worker back. Returns "reclaimed", "poisoned" (the job has ended), or nil.
local function reclaim(c, id)
  local job = jobs.read(c, id)
  if not job then return take_due(c, 'leases', id) end
  local crashes = call('HINCRBY', c.prefix .. 'job:' .. id, '_crashes', 1)
  -- A start with too many dead workers is claimed some more times, only to be undone: its container must not run on.
  local is_undone = STARTS[job.kind] and crashes >= c.args.crash_limit
  if crashes < c.args.crash_limit or is_undone and crashes < 2 * c.args.crash_limit then
    job.dirty = is_undone and '2' or '1'
    leases.take_back(c, job, 'waiting', '_dirty', job.dirty)
    lanes.make_ready(c, lanes.read(c, job.game_id), job)
    return 'reclaimed'
  end
  if not retention.can_publish(c) then
    call('HINCRBY', c.prefix .. 'job:' .. id, '_crashes', -1)
    call('ZADD', c.prefix .. 'leases', c.now + 1000, id)
    return nil
  end
  results.finish(c, job, { outcome = 'failed', effect = 'none', error_code = 'poisoned', worker = job.lease.worker,
    node = job.lease.node, error = 'its worker died ' .. crashes .. ' times while it ran; it is not tried again' })
  lanes.advance(c, lanes.read(c, job.game_id))
  return 'poisoned'
end

-- Takes expired leases back. After an outage of Redis or of all workers, living workers have one lease's time to
-- return.
local function reclaim_leases(c)
  local due, counts = due_of(c, 'leases'), { reclaimed = 0, poisoned = 0 }
  if #due > 0 then context.note_outage(c) end
  if c.now < c.resumed_at + c.args.lease_ms then due = {} end
  for _, id in ipairs(due) do
    local outcome = reclaim(c, id)
    if outcome then counts[outcome] = counts[outcome] + 1 end
  end
  return counts
end

-- Ends waiting heads after their deadline, also if their node is away. Returns whether the next jobs of their lanes
-- may have to end too.
local function expire_late(c)
  local due = due_of(c, 'deadlines')
  if #due > 0 and not retention.can_publish(c) then return false end
  for _, id in ipairs(due) do
    call('ZREM', c.prefix .. 'deadlines', id)
    local job = jobs.read(c, id)
    local lane = job and lanes.read(c, job.game_id)
    if lane and lane.head == id then
      lanes.take_off(c, lane)
      results.finish(c, job, lanes.is_obsolete(lane, job) and lanes.SUPERSEDED or lanes.EXPIRED)
      lanes.advance(c, lane)
    end
  end
  return #due > 0
end

-- Searches a part of the lanes for heads with lost records, and lets these lanes go on. A loss found during a
-- search waits for the next one, because the search may have passed its lane.
local function free_lost_lanes(c)
  local lost, sought = c.prefix .. 'lost', c.prefix .. 'lost:sought'
  if call('EXISTS', lost, sought) == 0 then return end
  local cursor = call('HGET', c.meta, 'lost_cursor') or '0'
  if cursor == '0' and call('EXISTS', lost) == 1 then call('RENAME', lost, sought) end
  local page = call('HSCAN', c.prefix .. 'lanes', cursor, 'COUNT', 2000)
  for index = 1, #page[2], 2 do
    local lane = lanes.parse(page[2][index], page[2][index + 1])
    -- A record made anew meanwhile is another job's, behind this head.
    if lane.head and lane.state ~= 'ready' and call('SISMEMBER', sought, lane.head) == 1
      and not call('ZSCORE', c.prefix .. 'leases', lane.head)
      and not call('ZSCORE', c.prefix .. 'delayed', lane.head) then
      lanes.forget_lost(c, lane.head)
      lanes.advance(c, lane)
    end
  end
  if page[1] == '0' then call('DEL', sought) end
  call('HSET', c.meta, 'lost_cursor', page[1])
end

-- Counts silent nodes as lost. After an outage of Redis or of all workers, each node has one grace time to come back.
local function lose_silent(c)
  local settings = context.settings(c)
  -- No job of the node has a lease then.
  local grace = math.max(settings.grace_ms, 2 * settings.lease_ms)
  if c.now < c.resumed_at + grace then return end
  local silent = call('ZRANGEBYSCORE', c.prefix .. 'nodes', '-inf', c.now - grace, 'LIMIT', 0, 16)
  -- A step of the clock looks like silence. The same step has expired the liveness key, and no worker has noticed yet.
  if #silent > 0 then context.note_outage(c) end
  if c.now < c.resumed_at + grace then return end
  for _, node in ipairs(silent) do
    call('ZREM', c.prefix .. 'nodes', node)
    loss.begin(c, node)
    call('HDEL', c.prefix .. 'node:' .. node, 'reported_at')
    reservations.forget(c, node)
  end
end

-- Moves lanes from a ready list of a lost node to the list of all nodes. Returns how many.
local function move_lanes(c, list, most)
  local games = call('ZRANGE', c.prefix .. list, 0, most - 1)
  for _, game in ipairs(games) do
    call('ZREM', c.prefix .. list, game)
    local lane = lanes.read(c, game)
    if lane.state == 'ready' and lane.list == list then lanes.settle(c, lane) end
  end
  return #games
end

-- Moves the waiting jobs of a lost node, a few in a call, the stops of all queues first: behind a stop with a lost
-- record, a start of any queue may come up. Returns whether there are more.
local function move_jobs(c)
  local node = c.lost > 0 and call('SRANDMEMBER', c.prefix .. 'moving')
  if not node then return false end
  local left, queues = c.args.most, call('SMEMBERS', c.prefix .. 'queues')
  table.sort(queues)
  for _, class in ipairs({ 'stop', 'start' }) do
    for _, queue in ipairs(queues) do
      if left > 0 then left = left - move_lanes(c, lanes.list(class, queue, node), left) end
    end
  end
  if left > 0 then call('SREM', c.prefix .. 'moving', node) end
  return left <= 0 or call('EXISTS', c.prefix .. 'moving') == 1
end

-- Counts silent nodes as lost, and moves their jobs. Returns whether there are more jobs to move.
function loss.sweep(c)
  lose_silent(c)
  return move_jobs(c)
end

-- Forgets dead workers.
local function forget_dead_workers(c)
  local oldest_kept = c.now - 600000
  for _, dead in ipairs(call('ZRANGEBYSCORE', c.prefix .. 'workers', '-inf', oldest_kept, 'LIMIT', 0, c.args.most)) do
    local home = call('HGET', c.prefix .. 'worker_nodes', dead)
    liveness.forget(c, dead, home or '', c.args.queues)
    if home and call('SCARD', c.prefix .. 'workers:' .. home) == 0 then call('ZREM', c.prefix .. 'unreported', home) end
  end
end

-- Deletes old results, events and letters. Returns whether there may be more.
local function delete_old(c)
  local has_more = retention.can_publish(c) and retention.trim(c, 4 * c.args.most)
  local oldest_kept = context.digits(math.max(0, c.now - context.settings(c).retention_ms))
  -- Redis deletes whole nodes of a stream, and may stop before the limit.
  local trimmed = redis.pcall('XTRIM', c.prefix .. 'events', 'MINID', '~', oldest_kept, 'LIMIT', 1000)
  if type(trimmed) == 'number' and trimmed > 500 then has_more = true end
  -- A letter may have 64 KiB.
  local old = redis.pcall('XRANGE', c.prefix .. 'dead', '-', '(' .. oldest_kept, 'COUNT', 32)
  if old.err then return has_more end
  for _, entry in ipairs(old) do letters.forget(c, entry) end
  return has_more or #old == 32
end

-- Cleans up for all workers once a minute. Returns whether something is left for the next call.
local function clean_up(c)
  local pause = math.min(60000, context.settings(c).retention_ms / 10)
  if c.swept_at <= c.now and c.now - c.swept_at < pause then return false end
  forget_dead_workers(c)
  redis.pcall('ZREMRANGEBYSCORE', c.prefix .. 'forgotten', '-inf', c.now - context.settings(c).retention_ms)
  local has_more = delete_old(c)
  if not has_more then context.set(c, 'swept_at', c.now) end
  -- Lanes deleted by hand leave the count of the window too high.
  if call('EXISTS', c.prefix .. 'lanes') == 0 then context.set(c, 'window', 0) end
  return has_more
end

-- Returns the time until the next retry or the next end of a lease.
local function ms_until_due(c)
  local next_due, lease = first_of(c, 'delayed') or math.huge, first_of(c, 'leases')
  -- Nothing is taken back before living workers could return after an outage.
  if lease then next_due = math.min(next_due, math.max(lease, c.resumed_at + c.args.lease_ms)) end
  return next_due < math.huge and math.max(0, next_due - c.now) or -1
end

-- Handles what has a time. Returns retries made due, leases taken back, jobs given up, and whether there may be more.
local function handle_due(c)
  local retries, taken_back = make_retries_due(c), reclaim_leases(c)
  free_lost_lanes(c)
  return retries, taken_back.reclaimed, taken_back.poisoned, expire_late(c)
end

define('sweep', function(c)
  local noted, lost = liveness.note_alive(c), c.lost
  if c.args.after_outage then context.note_outage(c) end
  local retries, reclaimed, poisoned, has_more = 0, 0, 0, false
  local idle = is_idle(c)
  if not idle then retries, reclaimed, poisoned, has_more = handle_due(c) end
  has_more = loss.sweep(c) or has_more
  has_more = clean_up(c) or has_more
  -- Jobs of a node that was lost just now may have become ready for this worker.
  if idle and c.lost == lost then return { 0, 0, 0, has_more and 0 or -1, 0, noted } end
  return { retries, reclaimed, poisoned, has_more and 0 or ms_until_due(c), may_have_work(c) and 1 or 0, noted }
end)

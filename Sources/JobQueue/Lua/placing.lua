-- Purpose: how a job enters its lane and the window, and how a stop makes earlier starts obsolete.

local placing = {}

-- Marks the earlier starts of the lane as obsolete, and cancels a running one if the job may cancel.
local function supersede(c, lane, job)
  lane.superseded = job.number
  lanes.store(c, lane)
  local head = jobs.read(c, lane.head)
  if not head or not STARTS[head.kind] then return end
  if lane.state ~= 'active' then
    -- An obsolete head moves to the list of the stops: its end needs no capacity.
    lanes.take_off(c, lane)
    lanes.make_ready(c, lane, head)
  elseif job.cancels and head.lease.worker then
    call('HSET', c.prefix .. 'job:' .. head.id, '_cancel', '1')
    workers.ring(c, head.lease.worker, 'cancel')
  end
end

-- Returns whether the jobs of a lane are outside the window, because the node of the game is silent. They wait for that
-- node, and must not keep the jobs of all other nodes out.
local function is_outside(c, lane)
  if lane.outside then return true end
  local owner = lanes.owner(c, lane)
  local seen = owner and tonumber(call('ZSCORE', c.prefix .. 'nodes', owner))
  if not seen then return false end
  -- After an outage of Redis or of all workers, nodes have the same time to come back.
  local silence = 2 * context.settings(c).lease_ms
  if seen >= c.now - silence or c.now < c.resumed_at + silence then return false end
  local behind = call('LLEN', c.prefix .. 'lane:' .. lane.game)
  lane.outside = true
  if lane.state then
    lanes.store(c, lane)
    context.set(c, 'window', c.window - math.min(1 + behind, lanes.MOST_COUNTED))
    workers.wake_held(c)
  end
  return true
end

-- Returns whether the window has capacity for a job. The last part of the window takes only stops and removes.
function placing.has_capacity(c, lane, job)
  local limit = STARTS[job.kind] and c.args.most_starts or c.args.most_jobs
  return c.window < limit or is_outside(c, lane)
end

-- Puts a job at the end of its lane. `job` has the facts of jobs.lua, and `supersedes` and `cancels`. The record comes
-- last: a failure at a key of a wrong type must not leave a record of a job that is in no lane.
function placing.place(c, lane, job, message)
  local outside, is_first = is_outside(c, lane), not lane.state
  context.set(c, 'admissions', c.admissions + 1)
  job.number = c.admissions
  local behind = is_first and 0 or call('RPUSH', c.prefix .. 'lane:' .. lane.game, job.id)
  if is_first then lanes.make_ready(c, lane, job) end
  jobs.create(c, job, message)
  if behind < lanes.MOST_COUNTED and not outside then context.set(c, 'window', c.window + 1) end
  if not is_first and job.supersedes and not jobs.is_late(c, job) then supersede(c, lane, job) end
end

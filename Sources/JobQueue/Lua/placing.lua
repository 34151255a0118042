-- Purpose: how a job enters its lane and the window, and how a stop makes earlier starts obsolete.

local placing = {}

-- Marks the earlier starts of the game as obsolete, and cancels a running one if the job may cancel.
local function supersede(c, job, lane)
  call('HSET', c.prefix .. 'superseded', job.game_id, job.number)
  local head = jobs.read(c, lane.head)
  if not head or not STARTS[head.kind] then return end
  if lane.state ~= 'active' then
    -- An obsolete head moves to the list of the stops: its end needs no capacity.
    lanes.take_off(c, job.game_id, lane)
    lanes.make_ready(c, head)
  elseif job.cancels and head.lease.worker then
    call('HSET', c.prefix .. 'job:' .. head.id, '_cancel', '1')
    workers.ring(c, head.lease.worker, 'cancel')
  end
end

-- Returns whether the jobs of a game are outside the window, because the node of the game is silent. They wait for that
-- node, and must not keep the jobs of all other nodes out.
local function is_outside(c, game)
  local outside = c.prefix .. 'outside'
  if call('SISMEMBER', outside, game) == 1 then return true end
  local owner = lanes.owner(c, game)
  local seen = owner and tonumber(call('ZSCORE', c.prefix .. 'nodes', owner))
  -- After an outage of Redis or of all workers, nodes have the same time to come back.
  local silence = 2 * context.settings(c).lease_ms
  if not seen or seen >= c.now - silence or c.now < c.resumed_at + silence then return false end
  local lane = lanes.read(c, game)
  local counted = lane and math.min(1 + call('LLEN', c.prefix .. 'lane:' .. game), lanes.MOST_COUNTED) or 0
  if counted > 0 then call('HINCRBY', c.meta, 'window', -counted) end
  call('SADD', outside, game)
  lanes.wake_held(c)
  return true
end

-- Returns whether the window has capacity for a job. The last part of the window takes only stops and removes.
function placing.has_capacity(c, job)
  local limit = STARTS[job.kind] and c.args.most_starts or c.args.most_jobs
  return tonumber(call('HGET', c.meta, 'window') or 0) < limit or is_outside(c, job.game_id)
end

-- Puts a job at the end of its lane. `job` has the facts of jobs.lua, and `supersedes` and `cancels`. The record comes
-- last: a failure at a key of a wrong type must not leave a record of a job that is in no lane.
function placing.place(c, job, message)
  local lane, outside = lanes.read(c, job.game_id), is_outside(c, job.game_id)
  job.number = call('HINCRBY', c.meta, 'admissions', 1)
  local behind = lane and call('RPUSH', c.prefix .. 'lane:' .. job.game_id, job.id) or 0
  if not lane then lanes.make_ready(c, job) end
  jobs.create(c, job, message)
  if behind < lanes.MOST_COUNTED and not outside then call('HINCRBY', c.meta, 'window', 1) end
  if lane and job.supersedes and not jobs.is_late(c, job) then supersede(c, job, lane) end
end

-- Purpose: how a lane goes on after its head has ended, and how jobs leave the window.

-- The ending of a start before its begin, because of a later stop.
lanes.SUPERSEDED = { outcome = 'superseded', effect = 'none',
  error = 'a later stop or remove of the game made it pointless' }

-- The ending of a job after its deadline and before its begin.
lanes.EXPIRED = { outcome = 'expired', effect = 'none', error = 'its deadline had passed before it was begun' }

-- Wakes workers of a queue.
function lanes.wake_queue(c, queue)
  workers.wake(c, 'stop:' .. queue)
  workers.wake(c, 'start:' .. queue)
end

-- Forgets a job with a lost record, deleted by hand or by eviction. Nobody knows the request, so the job has no result.
function lanes.forget_lost(c, id)
  call('HINCRBY', c.meta, 'lost_records', 1)
  call('DEL', c.prefix .. 'message:' .. id)
end

-- Returns whether a job of the game runs.
function lanes.is_busy(c, game)
  local lane = lanes.read(c, game)
  return lane and lane.state == 'active'
end

-- Wakes workers of the queues with messages waiting for the window.
function lanes.wake_held(c)
  local held = redis.pcall('SPOP', c.prefix .. 'held', 16)
  for _, queue in ipairs(held.err and {} or held) do lanes.wake_queue(c, queue) end
end

-- Takes a job out of the window, if the job counts: not outside, and with few jobs behind it in its lane.
local function leave_window(c, is_outside, behind)
  if is_outside or behind >= lanes.MOST_COUNTED then return end
  call('HINCRBY', c.meta, 'window', -1)
  lanes.wake_held(c)
end

-- Makes the lane go on after the end of its head: with the next recorded job, or the lane is forgotten.
function lanes.advance(c, game)
  local behind = call('LLEN', c.prefix .. 'lane:' .. game)
  local is_outside = call('SISMEMBER', c.prefix .. 'outside', game) == 1
  leave_window(c, is_outside, behind)
  while behind > 0 do
    local id = call('LPOP', c.prefix .. 'lane:' .. game)
    local job = jobs.read(c, id)
    if job then return lanes.make_ready(c, job) end
    lanes.forget_lost(c, id)
    behind = behind - 1
    leave_window(c, is_outside, behind)
  end
  call('HDEL', c.prefix .. 'lanes', game)
  call('HDEL', c.prefix .. 'superseded', game)
  if is_outside then call('SREM', c.prefix .. 'outside', game) end
end

-- Makes a lane ready for its present head, or for the next one if the record of the head is gone.
function lanes.settle(c, game, head)
  local job = jobs.read(c, head)
  if job then return lanes.make_ready(c, job) end
  lanes.forget_lost(c, head)
  lanes.advance(c, game)
end

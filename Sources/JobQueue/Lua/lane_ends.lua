-- Purpose: how a lane goes on after its head has ended, and how jobs leave the window.

-- The ending of a start before its begin, because of a later stop.
lanes.SUPERSEDED = { outcome = 'superseded', effect = 'none',
  error = 'a later stop or remove of the game made it pointless' }

-- The ending of a job after its deadline and before its begin.
lanes.EXPIRED = { outcome = 'expired', effect = 'none', error = 'its deadline had passed before it was begun' }

-- The ending of a stop or remove of a lost node.
lanes.NODE_LOST = { outcome = 'failed', effect = 'none', error_code = 'node_lost',
  error = 'the node of the game is lost; when it returns, it stops the game before it takes a job' }

-- The ending of a start with too many dead workers, whose remains are on a lost node.
lanes.POISONED = { outcome = 'failed', effect = 'none', error_code = 'poisoned',
  error = 'its workers died too often while it ran; when its node returns, the node stops the game' }

-- Forgets a job with a lost record, deleted by hand or by eviction. Nobody knows the request, so the job has no result.
function lanes.forget_lost(c, id)
  call('HINCRBY', c.meta, 'lost_records', 1)
  call('DEL', c.prefix .. 'message:' .. id)
end

-- Returns whether a job of the game runs.
function lanes.is_busy(c, game)
  return lanes.read(c, game).state == 'active'
end

-- Takes the head out of the window, if the head counts: not outside, and with few jobs behind it in its lane.
local function uncount(c, lane, behind)
  if lane.outside or behind >= lanes.MOST_COUNTED then return end
  context.set(c, 'window', c.window - 1)
  workers.wake_held(c)
end

-- Makes the lane go on after the end of its head: with the next recorded job, or the lane is forgotten.
function lanes.advance(c, lane)
  local list = c.prefix .. 'lane:' .. lane.game
  local behind = call('LLEN', list)
  uncount(c, lane, behind)
  while behind > 0 do
    local id = call('LPOP', list)
    local job = jobs.read(c, id)
    if job then return lanes.make_ready(c, lane, job) end
    lanes.forget_lost(c, id)
    behind = behind - 1
    uncount(c, lane, behind)
  end
  call('HDEL', c.prefix .. 'lanes', lane.game)
end

-- Makes a lane ready for its present head, or for the next one if the record of the head is gone.
function lanes.settle(c, lane)
  local job = jobs.read(c, lane.head)
  if job then return lanes.make_ready(c, lane, job) end
  lanes.forget_lost(c, lane.head)
  lanes.advance(c, lane)
end

-- Purpose: what a worker does at the end of a claim. It enters and leaves the idle sets, and wakes others for what it
-- does not take.

local parking = {}

-- Limit of starts left to other nodes for which a claim wakes workers. Each of these workers wakes others in turn.
parking.MOST_PASSED = 8

-- Puts the worker into the idle set of a class and a queue, or out of it.
function parking.park(c, class, queue, is_idle)
  call(is_idle and 'SADD' or 'SREM', c.prefix .. 'idle:' .. class .. ':' .. queue, c.args.worker)
end

-- Wakes another worker for a ready list that this worker does not empty. Returns whether lanes are ready.
function parking.pass_on(c, class, queue, owner)
  if call('EXISTS', c.prefix .. lanes.list(class, queue, owner)) == 0 then return false end
  workers.wake(c, class, queue, owner)
  return true
end

-- Wakes workers of other nodes for the starts that this node leaves to them, and for those behind them. Workers that
-- were woken a moment ago are still to come, and take one start at least: in a burst, each claim would else wake more
-- workers than there are starts.
function parking.pass_starts(c, claim, queue)
  local passed = claim.passed[queue] or {}
  local waiting = claim.is_passed and call('ZCARD', c.prefix .. lanes.list('start', queue)) or #passed
  if waiting > 0 then
    waiting = waiting - call('ZCOUNT', c.prefix .. 'woken:' .. queue, c.now - placement.WOKEN_MS, '+inf')
  end
  for index = 1, math.min(waiting, parking.MOST_PASSED) do
    workers.wake(c, 'start', queue, nil, passed[index] or passed[#passed], c.args.node)
  end
end

-- Wakes another worker of the node for starts that any node may run, if this worker has no permit for them.
function parking.pass_to_node(c, queue)
  return call('EXISTS', c.prefix .. lanes.list('start', queue)) == 1
    and workers.wake(c, 'start', queue, c.args.node)
end

-- Takes a worker that claims nothing out of the idle sets, and wakes others for what it was woken for.
function parking.decline(c)
  for _, queue in ipairs(c.args.claims) do
    for _, class in ipairs({ 'stop', 'start', 'full' }) do parking.park(c, class, queue, false) end
    call('ZREM', c.prefix .. 'woken:' .. queue, c.args.worker)
    for _, class in ipairs({ 'stop', 'start' }) do parking.pass_on(c, class, queue) end
  end
  return { 0, context.now_text(c), {} }
end

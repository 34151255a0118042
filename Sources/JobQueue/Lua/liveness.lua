-- Purpose: the living workers and nodes, and the liveness key. A missing key means an outage of Redis or of all
--   workers.

local liveness = {}

-- Forgets a worker. Nobody wakes the worker any more for these queues.
function liveness.forget(c, worker, node, queues)
  for _, queue in ipairs(queues) do
    for _, class in ipairs({ 'stop', 'start', 'full' }) do
      call('SREM', c.prefix .. 'idle:' .. class .. ':' .. queue, worker)
    end
  end
  call('ZREM', c.prefix .. 'workers', worker)
  call('HDEL', c.prefix .. 'worker_nodes', worker)
  call('SREM', c.prefix .. 'workers:' .. node, worker)
end

-- Notes that the worker of the call lives, and its node if the node has announced its games and its Docker Engine
-- answers. Returns whether the node has to announce its games: Redis does not know them.
function liveness.note_alive(c)
  local a = c.args
  call('ZADD', c.prefix .. 'workers', c.now + a.alive_ms, a.worker)
  if call('HEXISTS', c.prefix .. 'node:' .. a.node, 'reported_at') == 0 then
    -- The first arrival counts. So a node without an announcement holds up nobody for longer than one grace time.
    call('ZADD', c.prefix .. 'unreported', 'NX', c.now, a.node)
    return true
  end
  if a.engine_answers then call('ZADD', c.prefix .. 'nodes', c.now, a.node) end
  return false
end

-- Creates the liveness key if the key has expired: Redis or all workers were away. Leases that expired meanwhile say
-- nothing about their workers. The value changes each time, and all workers notice the change.
function liveness.note_outage(c)
  local quiet_ms = math.max(1200, math.floor(0.4 * context.settings(c).lease_ms))
  if call('SET', c.prefix .. 'liveness', string.format('%d', c.now_us), 'PX', quiet_ms, 'NX') then
    context.set(c, 'resumed_at', c.now)
  end
end

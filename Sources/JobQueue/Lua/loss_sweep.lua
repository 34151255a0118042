-- Purpose: how a sweep finds lost nodes, and moves their waiting jobs to the lists of all nodes.

-- Counts silent nodes as lost. After an outage of Redis or of all workers, each node has one grace time to come back.
local function lose_silent(c)
  local settings = context.settings(c)
  -- No job of the node has a lease then.
  local grace = math.max(settings.grace_ms, 2 * settings.lease_ms)
  if c.now < c.resumed_at + grace then return end
  for _, node in ipairs(call('ZRANGEBYSCORE', c.prefix .. 'nodes', '-inf', c.now - grace, 'LIMIT', 0, 16)) do
    call('ZREM', c.prefix .. 'nodes', node)
    call('ZADD', c.prefix .. 'lost_nodes', c.now, node)
    call('SADD', c.prefix .. 'moving', node)
    call('HDEL', c.prefix .. 'node:' .. node, 'reported_at')
    call('DEL', c.prefix .. 'reserved:' .. node)
    context.set(c, 'lost', c.lost + 1)
    c.lost_nodes[node] = true
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

-- Moves the waiting jobs of a lost node, a few in a call. Returns whether there are more.
local function move_jobs(c)
  local node = c.lost > 0 and call('SRANDMEMBER', c.prefix .. 'moving')
  if not node then return false end
  local left = c.args.most
  for _, queue in ipairs(call('SMEMBERS', c.prefix .. 'queues')) do
    for _, class in ipairs({ 'stop', 'start' }) do
      if left > 0 then left = left - move_lanes(c, 'ready:' .. class .. ':' .. queue .. ':' .. node, left) end
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

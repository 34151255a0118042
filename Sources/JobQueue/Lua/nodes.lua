-- Purpose: workers and nodes come and go: `register`, `deregister`, and the correction of reservations.

-- The form of the data. With two forms of the same data, workers would count and order jobs past each other.
local FORM = '9'

-- Returns whether the data has the form of this version. Data without a form is new, or of a version that kept its
-- counters in one field.
local function check_form(c)
  local form = call('HGET', c.meta, 'form')
  if form ~= FORM and (form or call('HEXISTS', c.meta, 'state') == 1) then return false end
  context.set(c, 'form', FORM)
  return true
end

-- Most disowned games in a reply.
local MOST_DISOWNED = 64

-- Announces a game. A game of another owner stays with the owner, and a disowned game has to stop first: a node that
-- was lost must not take a game back.
local function announce(c, game, running)
  local lane, node = lanes.read(c, game.id), c.args.node
  local owner = lanes.owner(c, lane)
  if owner and owner ~= node or call('SISMEMBER', c.prefix .. 'disowned:' .. node, game.id) == 1 then return end
  lanes.set_owner(c, lane, node)
  if game.is_running then call('SADD', running, game.id) end
  -- A waiting stop of a game without an owner belongs to this node now.
  if not owner and lane.state == 'ready' then
    lanes.take_off(c, lane)
    lanes.settle(c, lane)
  end
end

-- Registers a worker, announces games of its node, and stores the settings of all calls.
-- Arguments: worker, node, alive_ms, settings: retention_ms, retention_entries, grace_ms, lease_ms, most_dead_bytes,
--   signed_ms (greatest age of a signed job; 0: jobs are not signed); stopped: disowned games without a running
--   container; games: id and is_running of each game with a container on the node; is_complete (the node's games are
--   announced with this call).
-- Returns: games that the node has to stop before it takes jobs, at most 64; none: the announcement is complete.
--   Fails if the data has another form.
-- Atomic because: a node must not take jobs before all workers know what the node owns.
define('register', function(c)
  local a = c.args
  if not check_form(c) then
    return redis.error_reply('FORM the data of this namespace is kept in the form of another version: let its workers'
      .. ' end all jobs, stop them, and delete ' .. c.meta)
  end
  context.set(c, 'settings', cjson.encode(a.settings))
  liveness.note_outage(c)
  call('SADD', c.prefix .. 'workers:' .. a.node, a.worker)
  call('HSET', c.prefix .. 'worker_nodes', a.worker, a.node)
  local disowned = c.prefix .. 'disowned:' .. a.node
  for _, game in ipairs(a.stopped) do call('SREM', disowned, game) end
  for _, game in ipairs(a.games) do announce(c, game, c.prefix .. 'reserved:' .. a.node) end
  local must_stop = a.is_complete and call('SRANDMEMBER', disowned, MOST_DISOWNED) or {}
  if a.is_complete and #must_stop == 0 then
    call('HSET', c.prefix .. 'node:' .. a.node, 'reported_at', c.now)
    call('ZREM', c.prefix .. 'unreported', a.node)
    loss.returned(c, a.node)
  end
  liveness.note_alive(c)
  return must_stop
end)

-- Arguments: worker, node, queues. Returns: "ok". Atomic because: nobody wakes a worker that has gone.
define('deregister', function(c)
  local a = c.args
  liveness.forget(c, a.worker, a.node, a.queues)
  call('DEL', c.prefix .. 'doorbell:' .. a.worker)
  -- Another worker may take what this one could not take.
  for _, queue in ipairs(a.queues) do
    for _, class in ipairs({ 'stop', 'start' }) do
      workers.wake(c, class, queue)
      workers.wake(c, class, queue, a.node)
    end
  end
  return 'ok'
end)

-- The leader corrects the reservations of its node after a comparison of all containers.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE. Arguments: node, worker, epoch, free and taken: games.
-- Returns: "fenced" if another epoch leads; else the numbers of freed and of new reservations.
-- Atomic because: a job that has just begun holds a reservation, whatever the leader saw before.
define('correct_reservations', function(c)
  if not leadership.leads(c) then return 'fenced' end
  local reserved, freed, taken = c.prefix .. 'reserved:' .. c.args.node, 0, 0
  for _, game in ipairs(c.args.free) do
    if not lanes.is_busy(c, game) then freed = freed + call('SREM', reserved, game) end
  end
  for _, game in ipairs(c.args.taken) do taken = taken + call('SADD', reserved, game) end
  return { freed, taken }
end)

-- Purpose: workers and nodes come and go: `register`, `deregister`, `forget`, and the correction of reservations.

-- Returns whether the data is of this version. Data without a form is new, or of a version that kept its counters in
-- one field. Every call refuses data with another form.
local function check_form(c)
  if not c.form and call('HEXISTS', c.meta, 'state') == 1 then return false end
  context.set(c, 'form', FORM)
  return true
end

-- The parts of a machine's fingerprint. A part that one side cannot see is not compared.
local PARTS = { 'engine', 'name', 'root', 'boot' }

-- Returns whether a worker of the node lives, besides the caller.
local function has_others(c, node)
  for _, worker in ipairs(call('SMEMBERS', c.prefix .. 'workers:' .. node)) do
    local alive_until = tonumber(call('ZSCORE', c.prefix .. 'workers', worker) or 0)
    if worker ~= c.args.worker and alive_until > c.now then return true end
  end
  return false
end

local function fingerprint(machine)
  local parts = {}
  for index, part in ipairs(PARTS) do parts[index] = machine[part] or '' end
  return table.concat(parts, '\n')
end

-- Returns the name of a part that differs; nil if the machines may be one.
local function difference(known, machine)
  for _, part in ipairs(PARTS) do
    if known[part] and machine[part] and known[part] ~= machine[part] then return part end
  end
end

-- Forgets the fingerprint of a node.
local function forget_machine(c, node, machine)
  local machines, text = c.prefix .. 'machines', fingerprint(machine)
  if redis.pcall('HGET', machines, text) == node then call('HDEL', machines, text) end
end

-- Returns a sentence if other workers of the node live on another machine, or if workers of another node live on this
-- machine; nil if not. Then the fingerprint of the machine is stored. A machine with a new id also keeps the former id.
local function check_machine(c)
  local node, machine, machines = c.args.node, c.args.machine, c.prefix .. 'machines'
  if not machine then return nil end
  local known = decoded(call('HGET', c.prefix .. 'node:' .. node, 'machine') or '') or {}
  if difference(known, machine) and has_others(c, node) then
    return 'MACHINE workers of node ' .. node .. ' live on another machine (' .. (known.name or 'without a name')
      .. '); set RTM_NODE of one of the machines, or give its Docker Engine an id of its own'
  end
  local other = redis.pcall('HGET', machines, fingerprint(machine))
  if type(other) ~= 'string' or other == node then other = nil end
  if other and has_others(c, other) then
    return 'MACHINE workers of node ' .. other
      .. ' live on this machine; give all workers of a machine the same RTM_NODE'
  end
  forget_machine(c, node, known)
  redis.pcall('HSET', machines, fingerprint(machine), node)
  call('HSET', c.prefix .. 'node:' .. node, 'machine', cjson.encode(machine))
  if other then call('HSET', c.prefix .. 'node:' .. node, 'former', other) end
end

-- Most disowned games in a reply.
local MOST_DISOWNED = 64

-- Returns whether the node may own an announced game with another owner. The higher fence owns: its container is newer.
-- The other node stops its container. Equal fences are one container under two ids of a machine.
local function wins(c, game, owner)
  local fence = lanes.fence(c, game.id)
  if game.fence == fence and fence > 0 then
    return call('HGET', c.prefix .. 'node:' .. c.args.node, 'former') == owner
  end
  if game.fence > fence then
    loss.disown(c, owner, game.id)
    -- The owner announces its games again, and learns which to stop.
    call('HDEL', c.prefix .. 'node:' .. owner, 'reported_at')
    return true
  end
  if game.fence < fence and game.is_running then loss.disown(c, c.args.node, game.id) end
  return false
end

-- Puts a ready lane on the ready list of its present owner.
local function relist(c, lane)
  if lane.state ~= 'ready' then return end
  lanes.take_off(c, lane)
  lanes.settle(c, lane)
end

-- Returns whether the container of an announced game may run. The list of a slow worker may be old.
local function may_run(c, game)
  return game.is_running and not (game.container and containers.is_over(c, game.container))
end

-- Announces a game. A disowned game has to stop first: a node that was lost must not take a game back.
local function announce(c, game)
  local lane, node = lanes.read(c, game.id), c.args.node
  local owner = lanes.owner(c, lane)
  if call('SISMEMBER', c.prefix .. 'disowned:' .. node, game.id) == 1 then return end
  -- A forgotten node owns nothing.
  if c.is_forgotten and owner ~= node then
    if game.is_running then loss.disown(c, node, game.id) end
    return
  end
  if owner and owner ~= node and not wins(c, game, owner) then return end
  lanes.set_owner(c, lane, node)
  lanes.raise_fence(c, game.id, game.fence)
  if not reservations.held(c, node, game.id) and may_run(c, game) then
    reservations.set(c, node, game.id, game, false)
  end
  -- A waiting job belongs to this node now.
  if owner ~= node then relist(c, lane) end
end

-- Deletes the keys of a forgotten node. What stops the games of a return, and what keeps ended containers from new
-- events, stays for the retention.
local function delete_node(c, node)
  loss.returned(c, node)
  forget_machine(c, node, decoded(call('HGET', c.prefix .. 'node:' .. node, 'machine') or '') or {})
  reservations.forget(c, node)
  for _, key in ipairs({ 'checkpoints:', 'started:', 'intents:', 'capacity:', 'workers:', 'node:' }) do
    call('DEL', c.prefix .. key .. node)
  end
  call('ZREM', c.prefix .. 'unreported', node)
  call('SREM', c.prefix .. 'draining', node)
  for _, key in ipairs({ 'disowned:', 'ended:', 'leader:' }) do
    call('PEXPIRE', c.prefix .. key .. node, context.settings(c).retention_ms)
  end
end

-- Forgets the owner of a game. Its waiting jobs may run on any node.
local function forget_game(c, node, lane)
  loss.disown(c, node, lane.game)
  lanes.clear_owner(c, lane)
  call('PEXPIRE', c.prefix .. 'spec:' .. lane.game, context.settings(c).retention_ms)
  relist(c, lane)
end

-- Ends the forgetting of a node that has returned: its keys stay again.
local function remember(c, node)
  call('ZREM', c.prefix .. 'forgotten', node)
  for _, key in ipairs({ 'ended:', 'leader:' }) do call('PERSIST', c.prefix .. key .. node) end
end

-- Registers a worker, announces games of its node, and stores the settings of all calls.
-- Arguments: worker, node, alive_ms, settings: retention_ms, retention_entries, grace_ms, lease_ms, most_dead_bytes,
--   signed_ms (greatest age of a signed job; 0: jobs are not signed), packs (1: starts go to the fullest node), cpu and
--   memory (of a start without limits); machine: its fingerprint, if known; capacity of the node: slots, cpu, memory,
--   first_port, last_port (0: not counted); facts (for operators: queues and version, JSON); stopped: disowned games
--   without a running container; games: id, is_running, fence (0 without a label), cpu, memory, container and port of
--   each game with a container on the node; is_complete (the node's games are announced with this call).
-- Returns: games that the node has to stop before it takes jobs, at most 64; none: the announcement is complete.
--   Fails if the data has another form, or if two machines have one id or one machine has two.
-- Atomic because: a node must not take jobs before all workers know what the node owns.
define('register', function(c)
  local a = c.args
  if not check_form(c) then return context.other_form(c) end
  local refusal = check_machine(c)
  if refusal then return redis.error_reply(refusal) end
  context.set(c, 'settings', cjson.encode(a.settings))
  capacity.note(c, a.capacity)
  context.note_outage(c)
  call('SADD', c.prefix .. 'workers:' .. a.node, a.worker)
  call('HSET', c.prefix .. 'worker_nodes', a.worker, a.node)
  call('HSET', c.prefix .. 'worker_facts', a.worker, a.facts)
  local disowned = c.prefix .. 'disowned:' .. a.node
  for _, game in ipairs(a.stopped) do call('SREM', disowned, game) end
  c.is_forgotten = type(redis.pcall('ZSCORE', c.prefix .. 'forgotten', a.node)) == 'string'
  for _, game in ipairs(a.games) do announce(c, game) end
  local must_stop = a.is_complete and call('SRANDMEMBER', disowned, MOST_DISOWNED) or {}
  if a.is_complete and #must_stop == 0 then
    call('HSET', c.prefix .. 'node:' .. a.node, 'reported_at', c.now)
    call('ZREM', c.prefix .. 'unreported', a.node)
    loss.returned(c, a.node)
    if c.is_forgotten then remember(c, a.node) end
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

-- Forgets what a lost node owned, some games in a call. The games are disowned, so a later return stops them.
-- Arguments: node, worker, cursor ("0" first), is_last (all events are published: deletes the keys of the node).
-- Returns: "alive" if the node is not lost or has a living worker; else the next cursor ("0": all games are forgotten)
--   and how many games were forgotten.
-- Atomic because: a node that returns meanwhile must own either its games or nothing.
define('forget', function(c)
  local node = c.args.node
  if not loss.is_lost(c, node) and not call('ZSCORE', c.prefix .. 'forgotten', node) or has_others(c, node) then
    return 'alive'
  end
  call('ZADD', c.prefix .. 'forgotten', c.now, node)
  local page, count = call('HSCAN', c.prefix .. 'owners', c.args.cursor, 'COUNT', 1000), 0
  for index = 1, #page[2], 2 do
    if page[2][index + 1] == node then
      forget_game(c, node, lanes.read(c, page[2][index]))
      count = count + 1
    end
  end
  if c.args.is_last then delete_node(c, node) end
  return { page[1], count }
end)

-- The leader corrects the reservations of its node after a comparison of all containers.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE. Arguments: node, worker, epoch, free: games; taken: for each running game id,
--   cpu, memory, container and port.
-- Returns: "fenced" if another epoch leads; else the numbers of freed and of changed reservations.
-- Atomic because: a job that has just begun holds a reservation, whatever the leader saw before.
define('correct_reservations', function(c)
  if not leadership.leads(c) then return 'fenced' end
  local node, freed, changed = c.args.node, 0, 0
  for _, game in ipairs(c.args.free) do
    if not lanes.is_busy(c, game) and reservations.free(c, node, game) then freed = freed + 1 end
  end
  for _, game in ipairs(c.args.taken) do
    if not containers.is_over(c, game.container)
      and reservations.set(c, node, game.id, game, lanes.is_busy(c, game.id)) then changed = changed + 1 end
  end
  reservations.recount(c, node)
  if freed + changed > 0 then workers.wake_for_capacity(c, node) end
  return { freed, changed }
end)

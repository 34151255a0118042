-- Purpose: workers and nodes of the fleet: how a function wakes an idle worker, who lives, and which nodes are lost. A
-- worker with a free permit for a class is in the set `{ns}:idle:CLASS:QUEUE` of each of its queues. A worker with a
-- free permit for starts on a full node is in `{ns}:idle:full:QUEUE` instead: it can take only starts of its own games.
-- A node without a sign of life for the grace time is in `{ns}:lost_nodes`, with the time of its loss. Jobs of its
-- games end or move; nothing else changes until a job asks. `{ns}:disowned:NODE` names games that the node must stop
-- when it returns: another node has taken the game over, or a stop or remove has ended `node_lost`.

local workers = {}

-- Wakes a living worker by its doorbell. Returns whether the worker lives.
function workers.ring(c, worker, word)
  local alive_until = tonumber(call('ZSCORE', c.prefix .. 'workers', worker) or 0)
  if alive_until <= c.now and word ~= 'cancel' then return false end
  local bell = c.prefix .. 'doorbell:' .. worker
  -- A few unread words are enough, except for the cancellation of a job.
  if word == 'cancel' or call('LLEN', bell) < 4 then
    call('RPUSH', bell, word)
    call('PEXPIRE', bell, 60000)
  end
  return true
end

-- Takes a worker of a node out of an idle set. Returns the worker, or nil.
local function pop_of_node(c, set, node)
  local worker = call('SINTER', c.prefix .. 'workers:' .. node, set)[1]
  if worker then call('SREM', set, worker) end
  return worker
end

-- Takes a worker for a ready list out of an idle set. Returns the worker; nil or false if there is none.
local function pop_idle(c, class, queue, owner, job, except)
  local set = c.prefix .. 'idle:' .. class .. ':' .. queue
  if owner then
    return pop_of_node(c, set, owner)
      or class == 'start' and pop_of_node(c, c.prefix .. 'idle:full:' .. queue, owner)
  end
  if class == 'start' then return placement.pop(c, queue, job, except) end
  return call('SPOP', set)
end

-- Wakes one idle worker for a ready list; `job` is the start to run, if it is known, and `except` a node that has left
-- it to others. Only a few are tried, because workers also look by themselves. Returns whether a worker was woken.
function workers.wake(c, class, queue, owner, job, except)
  for _ = 1, 4 do
    local worker = pop_idle(c, class, queue, owner, job, except)
    if not worker then return false end
    if workers.ring(c, worker, 'ready') then return true end
  end
  return false
end

-- Wakes workers of a node that has capacity again, for the starts that may have waited for it.
function workers.wake_for_capacity(c, node)
  local queues = redis.pcall('SMEMBERS', c.prefix .. 'queues')
  for _, queue in ipairs(queues.err and {} or queues) do
    local list = c.prefix .. 'ready:start:' .. queue
    if call('EXISTS', list, list .. ':' .. node) > 0 then
      if c.claims[queue] and node == c.args.node then
        c.has_made_ready = true
      else
        workers.wake(c, 'start', queue, node)
      end
    end
  end
end

-- Wakes workers of a queue.
function workers.wake_queue(c, queue)
  workers.wake(c, 'stop', queue)
  workers.wake(c, 'start', queue)
end

-- Notes that messages of a queue wait for the window.
function workers.hold(c, queue)
  if not string.find(' ' .. c.held .. ' ', ' ' .. queue .. ' ', 1, true) then
    context.set(c, 'held', c.held == '' and queue or c.held .. ' ' .. queue)
  end
end

-- Wakes workers of the queues with messages waiting for the window.
function workers.wake_held(c)
  if c.held == '' then return end
  for queue in string.gmatch(c.held, '%S+') do workers.wake_queue(c, queue) end
  context.set(c, 'held', '')
end

local liveness = {}

-- Forgets a worker. Nobody wakes the worker any more for these queues, nor for those that it has served.
function liveness.forget(c, worker, node, queues)
  local facts = decoded(call('HGET', c.prefix .. 'worker_facts', worker) or '') or {}
  for _, names in ipairs({ queues, type(facts.queues) == 'table' and facts.queues or {} }) do
    for _, queue in ipairs(names) do
      for _, class in ipairs({ 'stop', 'start', 'full' }) do
        call('SREM', c.prefix .. 'idle:' .. class .. ':' .. queue, worker)
      end
      call('ZREM', c.prefix .. 'woken:' .. queue, worker)
    end
  end
  call('ZREM', c.prefix .. 'workers', worker)
  call('HDEL', c.prefix .. 'worker_nodes', worker)
  call('HDEL', c.prefix .. 'worker_facts', worker)
  call('SREM', c.prefix .. 'workers:' .. node, worker)
  capacity.forget_worker(c, node, worker)
end

-- Notes that the worker of the call lives, and its node if the node has announced its games and its Docker Engine
-- answers. Returns 1 if the node has to announce its games, because Redis does not know them, plus 2 if the workers of
-- the node have different capacities.
function liveness.note_alive(c)
  local a = c.args
  call('ZADD', c.prefix .. 'workers', c.now + a.alive_ms, a.worker)
  local node = call('HMGET', c.prefix .. 'node:' .. a.node, 'reported_at', 'differs')
  local differs = node[2] == '1' and 2 or 0
  if not node[1] then
    -- The first arrival counts. So a node without an announcement holds up nobody for longer than one grace time.
    call('ZADD', c.prefix .. 'unreported', 'NX', c.now, a.node)
    return 1 + differs
  end
  if a.engine_answers then call('ZADD', c.prefix .. 'nodes', c.now, a.node) end
  return differs
end

local loss = {}

-- Returns whether a node is lost. `lost` in {ns}:meta counts lost nodes, so usually no command is necessary.
function loss.is_lost(c, node)
  if c.lost == 0 or not node then return false end
  if c.lost_nodes[node] == nil then
    c.lost_nodes[node] = call('ZSCORE', c.prefix .. 'lost_nodes', node) and true or false
  end
  return c.lost_nodes[node]
end

-- Makes a node stop a game when the node returns.
function loss.disown(c, node, game)
  call('SADD', c.prefix .. 'disowned:' .. node, game)
end

-- Notes that a node is lost or not, after a change of {ns}:lost_nodes.
local function note_loss(c, node, is_lost)
  c.lost_nodes[node] = is_lost
  context.set(c, 'lost', call('ZCARD', c.prefix .. 'lost_nodes'))
end

-- Begins the loss of a node.
function loss.begin(c, node)
  call('ZADD', c.prefix .. 'lost_nodes', c.now, node)
  call('SADD', c.prefix .. 'moving', node)
  note_loss(c, node, true)
end

-- Ends the loss of a node that has returned and has no disowned game.
function loss.returned(c, node)
  if call('ZREM', c.prefix .. 'lost_nodes', node) == 0 then return end
  call('SREM', c.prefix .. 'moving', node)
  note_loss(c, node, false)
end

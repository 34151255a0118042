-- Purpose: the capacity of nodes. Each game with a running container, or with a start on its way, has a reservation on
-- its node: the CPU and the memory of the container. `{ns}:reservations:NODE` holds them, game to
-- "CPU MEMORY CONTAINER": CPU in thousandths, memory in bytes, and the container if there is one. `{ns}:node:NODE` has
-- the capacity of the node (`slots`, `cpu`, `memory`; 0: not counted) and the sums of its reservations (`used_cpu`,
-- `used_memory`). `{ns}:loads` has the load of each node. A claim reserves in the same call, so two workers of a node
-- never promise the same capacity. A node that has not announced its games has no capacity for starts.

local reservations = {}

local RESOURCES = { 'cpu', 'memory' }

local function parse(text)
  local cpu, memory, container = string.match(text, '^(%d+) (%d+) ?(%S*)$')
  return { cpu = tonumber(cpu) or 0, memory = tonumber(memory) or 0, container = container or '', text = text }
end

local function encode(held)
  local text = string.format('%d %d', held.cpu, held.memory)
  return held.container and held.container ~= '' and text .. ' ' .. held.container or text
end

-- Returns the capacity and the sums of a node, read once in a call.
local function node_of(c, name)
  local node = c.nodes[name]
  if node then return node end
  local kept = call('HMGET', c.prefix .. 'node:' .. name, 'slots', 'cpu', 'memory', 'used_cpu', 'used_memory',
    'reported_at')
  node = { slots = tonumber(kept[1]) or 0, cpu = tonumber(kept[2]) or 0, memory = tonumber(kept[3]) or 0,
    used_cpu = tonumber(kept[4]) or 0, used_memory = tonumber(kept[5]) or 0, is_known = kept[6] and true or false,
    games = call('HLEN', c.prefix .. 'reservations:' .. name) }
  c.nodes[name] = node
  return node
end

-- Returns the load of a node in millionths: the largest used share of a counted resource. Without a counted resource,
-- the number of games orders nodes. A whole number, so that no two workers disagree about which node has less.
local function load_of(node)
  local share = node.games / 1000000
  if node.slots > 0 then share = math.max(share, node.games / node.slots) end
  if node.cpu > 0 then share = math.max(share, node.used_cpu / node.cpu) end
  if node.memory > 0 then share = math.max(share, node.used_memory / node.memory) end
  return math.floor(share * 1000000)
end

function reservations.load(c, name) return load_of(node_of(c, name)) end

-- Returns the loads of nodes.
function reservations.loads(c, names)
  local loads = call('ZMSCORE', c.prefix .. 'loads', unpack(names))
  for index in ipairs(names) do loads[index] = tonumber(loads[index] or 0) end
  return loads
end

-- Stores the sums and the load of a node.
local function store_sums(c, name, node)
  call('HSET', c.prefix .. 'node:' .. name, 'used_cpu', string.format('%d', node.used_cpu),
    'used_memory', string.format('%d', node.used_memory))
  local load = load_of(node)
  if load > 0 then call('ZADD', c.prefix .. 'loads', load, name) else call('ZREM', c.prefix .. 'loads', name) end
end

-- Returns the reservation of a game; nil if it has none.
function reservations.held(c, name, game)
  local text = call('HGET', c.prefix .. 'reservations:' .. name, game)
  return text and parse(text) or nil
end

-- Replaces the reservation of a game. `new` nil: the reservation ends.
local function replace(c, name, game, held, new)
  local node, key = node_of(c, name), c.prefix .. 'reservations:' .. name
  if new then call('HSET', key, game, encode(new)) else call('HDEL', key, game) end
  node.games = node.games + (new and 1 or 0) - (held and 1 or 0)
  for _, resource in ipairs(RESOURCES) do
    local change = (new and new[resource] or 0) - (held and held[resource] or 0)
    node['used_' .. resource] = math.max(0, node['used_' .. resource] + change)
  end
  store_sums(c, name, node)
end

local function larger(held, demand)
  return { cpu = math.max(held.cpu, demand.cpu), memory = math.max(held.memory, demand.memory) }
end

-- Returns what a start needs on a node. A start of a game with a reservation needs no more: its container runs, or
-- `reserve` asks for the rest. A restart without limits takes those of the game's last start, which the game has.
function reservations.needs(c, name, job)
  local held, demand = reservations.held(c, name, job.game_id), jobs.demand(c, job)
  if held and job.kind == 'start' then return held end
  return { cpu = not job.cpu and held and held.cpu or demand.cpu,
    memory = not job.memory and held and held.memory or demand.memory }
end

-- Makes the reservation of a game at least as large as the demand. Returns the reservation before, if there was one.
function reservations.hold(c, name, game, demand)
  local held = reservations.held(c, name, game)
  local new = held and larger(held, demand) or { cpu = demand.cpu, memory = demand.memory }
  new.container = held and held.container
  if not held or encode(new) ~= held.text then replace(c, name, game, held, new) end
  return held
end

-- Sets the reservation of a game to what its container has. While a job of the game runs, the reservation does not
-- shrink: the job may have reserved more for a new container. Returns whether the reservation changed, and whether it
-- became smaller.
function reservations.set(c, name, game, demand, container, is_busy)
  local held = reservations.held(c, name, game)
  local new = is_busy and held and larger(held, demand) or { cpu = demand.cpu, memory = demand.memory }
  new.container = container
  if held and encode(new) == held.text then return false, false end
  replace(c, name, game, held, new)
  return true, held and (new.cpu < held.cpu or new.memory < held.memory) or false
end

-- Ends the reservation of a game. With a container, only a reservation for this container ends, or one for none.
-- Returns whether a reservation ended.
function reservations.free(c, name, game, container)
  local held = reservations.held(c, name, game)
  if not held or container and held.container ~= '' and held.container ~= container then return false end
  replace(c, name, game, held, nil)
  return true
end

-- Makes the reservation of a game what it was before a claim; nil: none.
function reservations.restore(c, name, game, text)
  replace(c, name, game, reservations.held(c, name, game), text and parse(text) or nil)
end

-- Returns whether the node has capacity for a game with this demand. Its present reservation counts as free.
function reservations.fits(c, name, game, demand)
  local node, held = node_of(c, name), reservations.held(c, name, game)
  if not node.is_known or not held and node.slots > 0 and node.games >= node.slots then return false end
  for _, resource in ipairs(RESOURCES) do
    local own = held and held[resource] or 0
    if node[resource] > 0 and demand[resource] > own
      and node['used_' .. resource] - own + demand[resource] > node[resource] then return false end
  end
  return true
end

-- Returns whether the node has capacity for a small game.
function reservations.has_capacity(c, name)
  local node = node_of(c, name)
  return node.is_known and (node.slots == 0 or node.games < node.slots)
    and (node.cpu == 0 or node.used_cpu < node.cpu) and (node.memory == 0 or node.used_memory < node.memory)
end

-- Ends all reservations of a node.
function reservations.forget(c, name)
  call('DEL', c.prefix .. 'reservations:' .. name)
  call('HDEL', c.prefix .. 'node:' .. name, 'used_cpu', 'used_memory')
  call('ZREM', c.prefix .. 'loads', name)
  c.nodes[name] = nil
end

-- Counts the sums of a node anew.
function reservations.recount(c, name)
  local node = node_of(c, name)
  node.used_cpu, node.used_memory = 0, 0
  for _, text in ipairs(call('HVALS', c.prefix .. 'reservations:' .. name)) do
    local held = parse(text)
    node.used_cpu, node.used_memory = node.used_cpu + held.cpu, node.used_memory + held.memory
  end
  store_sums(c, name, node)
end

-- Stores the smallest capacity of the node's workers, and whether their capacities differ. The last capacity stays when
-- the last worker goes.
local function store_smallest(c, name)
  local smallest, differs, texts = { 0, 0, 0 }, 0, call('HVALS', c.prefix .. 'capacity:' .. name)
  if #texts == 0 then return end
  for _, text in ipairs(texts) do
    if text ~= texts[1] then differs = 1 end
    local index = 1
    for number in string.gmatch(text, '%d+') do
      local value = tonumber(number)
      -- 0 is no bound.
      if value > 0 and (smallest[index] == 0 or value < smallest[index]) then smallest[index] = value end
      index = index + 1
    end
  end
  call('HSET', c.prefix .. 'node:' .. name, 'slots', string.format('%d', smallest[1]), 'cpu',
    string.format('%d', smallest[2]), 'memory', string.format('%d', smallest[3]), 'differs', differs)
  c.nodes[name] = nil
  reservations.recount(c, name)
end

-- Notes the capacity of the node as the worker of the call knows it.
function reservations.note_capacity(c, capacity)
  call('HSET', c.prefix .. 'capacity:' .. c.args.node, c.args.worker,
    string.format('%d %d %d', capacity.slots, capacity.cpu, capacity.memory))
  store_smallest(c, c.args.node)
end

-- Forgets a worker of a node.
function reservations.forget_worker(c, name, worker)
  if call('HDEL', c.prefix .. 'capacity:' .. name, worker) == 1 then store_smallest(c, name) end
end

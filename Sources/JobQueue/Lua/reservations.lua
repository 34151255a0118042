-- Purpose: the capacity of nodes. Each game with a running container, or with a start on its way, has a reservation on
-- its node: the CPU and the memory of the container. `{ns}:reserved:NODE` holds the reservations, game to
-- "CPU MEMORY", CPU in thousandths and memory in bytes. `{ns}:node:NODE` has the capacity of the node (`slots`, `cpu`,
-- `memory`; 0: not counted) and the sums of its reservations (`used_cpu`, `used_memory`). `{ns}:loads` has the load of
-- each node. A claim reserves in the same call, so two workers of a node never promise the same capacity.

local reservations = {}

local function parse(text)
  local cpu, memory = string.match(text, '^(%d+) (%d+)$')
  return { cpu = tonumber(cpu) or 0, memory = tonumber(memory) or 0 }
end

local function encode(demand) return string.format('%d %d', demand.cpu, demand.memory) end

-- Returns the capacity and the sums of a node, read once in a call.
local function node_of(c, name)
  local node = c.nodes[name]
  if node then return node end
  local kept = call('HMGET', c.prefix .. 'node:' .. name, 'slots', 'cpu', 'memory', 'used_cpu', 'used_memory')
  node = { slots = tonumber(kept[1]) or 0, cpu = tonumber(kept[2]) or 0, memory = tonumber(kept[3]) or 0,
    used_cpu = tonumber(kept[4]) or 0, used_memory = tonumber(kept[5]) or 0,
    games = call('HLEN', c.prefix .. 'reserved:' .. name) }
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
local function held_by(c, name, game)
  local text = call('HGET', c.prefix .. 'reserved:' .. name, game)
  return text and parse(text) or nil
end

-- Replaces the reservation of a game. Without a demand, the reservation ends.
local function replace(c, name, game, held, demand)
  local node, key = node_of(c, name), c.prefix .. 'reserved:' .. name
  if demand then call('HSET', key, game, encode(demand)) else call('HDEL', key, game) end
  node.games = node.games + (demand and 1 or 0) - (held and 1 or 0)
  for _, resource in ipairs({ 'cpu', 'memory' }) do
    local change = (demand and demand[resource] or 0) - (held and held[resource] or 0)
    node['used_' .. resource] = math.max(0, node['used_' .. resource] + change)
  end
  store_sums(c, name, node)
end

-- Makes the reservation of a game at least as large as the demand. Returns the reservation.
function reservations.hold(c, name, game, demand)
  local held = held_by(c, name, game)
  if held and held.cpu >= demand.cpu and held.memory >= demand.memory then return encode(held) end
  local larger = { cpu = math.max(demand.cpu, held and held.cpu or 0),
    memory = math.max(demand.memory, held and held.memory or 0) }
  replace(c, name, game, held, larger)
  return encode(larger)
end

-- Sets the reservation of a game to what its container has. While a job of the game runs, the reservation does not
-- shrink: the job may have reserved more for a new container. Returns whether the reservation changed.
function reservations.set(c, name, game, demand, is_busy)
  local held = held_by(c, name, game)
  if is_busy and held then
    demand = { cpu = math.max(held.cpu, demand.cpu), memory = math.max(held.memory, demand.memory) }
  end
  if held and held.cpu == demand.cpu and held.memory == demand.memory then return false end
  replace(c, name, game, held, demand)
  return true
end

-- Ends the reservation of a game. Returns whether there was one.
function reservations.free(c, name, game)
  local held = held_by(c, name, game)
  if held then replace(c, name, game, held, nil) end
  return held ~= nil
end

function reservations.has(c, name, game)
  return call('HEXISTS', c.prefix .. 'reserved:' .. name, game) == 1
end

-- Returns whether the node has capacity for a game with this demand. Its present reservation counts as free.
function reservations.fits(c, name, game, demand)
  local node, held = node_of(c, name), held_by(c, name, game)
  if not held and node.slots > 0 and node.games >= node.slots then return false end
  for _, resource in ipairs({ 'cpu', 'memory' }) do
    local own = held and held[resource] or 0
    if node[resource] > 0 and demand[resource] > own
      and node['used_' .. resource] - own + demand[resource] > node[resource] then return false end
  end
  return true
end

-- Returns whether the node has capacity for a small game.
function reservations.has_capacity(c, name)
  local node = node_of(c, name)
  return (node.slots == 0 or node.games < node.slots) and (node.cpu == 0 or node.used_cpu < node.cpu)
    and (node.memory == 0 or node.used_memory < node.memory)
end

-- Ends all reservations of a node.
function reservations.forget(c, name)
  call('DEL', c.prefix .. 'reserved:' .. name)
  call('HDEL', c.prefix .. 'node:' .. name, 'used_cpu', 'used_memory')
  call('ZREM', c.prefix .. 'loads', name)
  c.nodes[name] = nil
end

-- Counts the sums of a node anew.
function reservations.recount(c, name)
  local node = node_of(c, name)
  node.used_cpu, node.used_memory = 0, 0
  for _, text in ipairs(call('HVALS', c.prefix .. 'reserved:' .. name)) do
    local demand = parse(text)
    node.used_cpu, node.used_memory = node.used_cpu + demand.cpu, node.used_memory + demand.memory
  end
  store_sums(c, name, node)
end

-- Returns the capacities of the node's workers, as texts "SLOTS CPU MEMORY". A dead worker does not count.
local function capacities_of(c, name)
  local pairs_of, texts = call('HGETALL', c.prefix .. 'capacity:' .. name), {}
  for index = 1, #pairs_of, 2 do
    local worker = pairs_of[index]
    local alive_until = tonumber(call('ZSCORE', c.prefix .. 'workers', worker) or 0)
    if worker == c.args.worker or alive_until > c.now then texts[#texts + 1] = pairs_of[index + 1] end
  end
  return texts
end

-- Stores the smallest capacity of the node's workers, and whether their capacities differ.
local function store_smallest(c, name)
  local smallest, differs, texts = { 0, 0, 0 }, 0, capacities_of(c, name)
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
  store_sums(c, name, node_of(c, name))
end

-- Notes the capacity of the node as the worker of the call knows it.
function reservations.note_capacity(c, capacity)
  call('HSET', c.prefix .. 'capacity:' .. c.args.node, c.args.worker,
    string.format('%d %d %d', capacity.slots, capacity.cpu, capacity.memory))
  store_smallest(c, c.args.node)
end

-- Forgets a worker of a node. The last capacity of a node stays, until another worker comes.
function reservations.forget_worker(c, name, worker)
  if call('HDEL', c.prefix .. 'capacity:' .. name, worker) == 1
    and call('EXISTS', c.prefix .. 'capacity:' .. name) == 1 then store_smallest(c, name) end
end

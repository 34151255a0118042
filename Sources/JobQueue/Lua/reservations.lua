-- Purpose: the capacity of nodes. Each game with a running container, or with a start on its way, has a reservation on
-- its node: the CPU and the memory of the container, and a port if the node publishes ports of a range.
-- `{ns}:reservations:NODE` holds them, game to "CPU MEMORY CONTAINER PORT": CPU in thousandths, memory in bytes, and
-- the container or "-". `{ns}:ports:NODE` has the game of each reserved port. `{ns}:node:NODE` has the capacity of the
-- node (`slots`, `cpu`, `memory`, `first_port`, `last_port`; 0: not counted) and the sums of its reservations
-- (`used_cpu`, `used_memory`); `unfit` is unfit.lua's. `{ns}:loads` has the load of each node. A claim reserves in the
-- same call, so two workers of a node never promise the same capacity. A node that has not announced its games takes no
-- start.

local reservations = {}

local RESOURCES = { 'cpu', 'memory' }

local function parse(text)
  local cpu, memory, container, port = string.match(text, '^(%d+) (%d+) (%S+) ?(%d*)$')
  return { cpu = tonumber(cpu) or 0, memory = tonumber(memory) or 0, container = container ~= '-' and container or nil,
    port = tonumber(port), text = text }
end

local function encode(held)
  local text = string.format('%d %d %s', held.cpu, held.memory, held.container or '-')
  return held.port and string.format('%s %d', text, held.port) or text
end

-- Returns the capacity and the sums of a node, read once in a call.
function reservations.node(c, name)
  local node = c.nodes[name]
  if node then return node end
  local kept = call('HMGET', c.prefix .. 'node:' .. name, 'slots', 'cpu', 'memory', 'used_cpu', 'used_memory',
    'reported_at', 'first_port', 'last_port', 'next_port', 'unfit')
  node = { first_port = tonumber(kept[7]) or 0, last_port = tonumber(kept[8]) or 0, next_port = tonumber(kept[9]) or 0,
    unfit_text = kept[10],
    slots = tonumber(kept[1]) or 0, cpu = tonumber(kept[2]) or 0, memory = tonumber(kept[3]) or 0,
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

function reservations.load(c, name) return load_of(reservations.node(c, name)) end

-- Returns the loads of nodes.
function reservations.loads(c, names)
  local loads = call('ZMSCORE', c.prefix .. 'loads', unpack(names))
  for index in ipairs(names) do loads[index] = tonumber(loads[index] or 0) end
  return loads
end

-- Stores the sums and the load of a node.
local function store_sums(c, name, node)
  call('HSET', c.prefix .. 'node:' .. name, 'used_cpu', context.digits(node.used_cpu),
    'used_memory', context.digits(node.used_memory))
  local load = load_of(node)
  if load > 0 then call('ZADD', c.prefix .. 'loads', load, name) else call('ZREM', c.prefix .. 'loads', name) end
end

-- Returns the reservation of a game, read once in a call; nil if it has none.
function reservations.held(c, name, game)
  local key = name .. ' ' .. game
  if c.held_of[key] == nil then
    local text = call('HGET', c.prefix .. 'reservations:' .. name, game)
    c.held_of[key] = text and parse(text) or false
  end
  return c.held_of[key] or nil
end

-- Gives the port of a reservation back, and reserves the one of the new reservation.
local function replace_port(c, name, game, held, new)
  local old_port, port, ports = held and held.port, new and new.port, c.prefix .. 'ports:' .. name
  if old_port == port then return end
  if old_port and call('HGET', ports, old_port) == game then call('HDEL', ports, old_port) end
  if port then call('HSET', ports, port, game) end
end

local function is_in_range(node, port)
  return port and port >= node.first_port and port <= node.last_port
end

-- Returns the next free port of the node's range; nil if the node has no range, or no free port.
local function next_port(c, name)
  local node, ports = reservations.node(c, name), c.prefix .. 'ports:' .. name
  if node.last_port == 0 then return nil end
  local port = node.next_port
  for _ = node.first_port, node.last_port do
    if port < node.first_port or port > node.last_port then port = node.first_port end
    if call('HEXISTS', ports, port) == 0 then
      node.next_port = port + 1
      call('HSET', c.prefix .. 'node:' .. name, 'next_port', node.next_port)
      return port
    end
    port = port + 1
  end
end

-- Replaces the reservation of a game. `new` nil: the reservation ends.
local function replace(c, name, game, held, new)
  local node, key = reservations.node(c, name), c.prefix .. 'reservations:' .. name
  c.held_of[name .. ' ' .. game] = nil
  replace_port(c, name, game, held, new)
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
-- `reserve` asks for the rest, and notes the limits. A restart without limits takes those of the game's last start,
-- which the game has.
function reservations.needs(c, name, job)
  local held, demand = reservations.held(c, name, job.game_id), jobs.demand(c, job)
  if held and job.kind == 'start' and not job.has_limits then return held end
  return { cpu = not job.cpu and held and held.cpu or demand.cpu,
    memory = not job.memory and held and held.memory or demand.memory }
end

-- Makes the reservation of a game at least as large as the demand. Returns the reservation before, if there was one.
function reservations.hold(c, name, game, demand)
  local held = reservations.held(c, name, game)
  local new = held and larger(held, demand) or { cpu = demand.cpu, memory = demand.memory }
  new.container = held and held.container
  new.port = held and is_in_range(reservations.node(c, name), held.port) and held.port or next_port(c, name)
  if not held or encode(new) ~= held.text then replace(c, name, game, held, new) end
  return held
end

-- Sets the reservation of a game to what its container has. While a job of the game runs, the reservation does not
-- shrink: the job may have reserved more for a new container. Returns whether the reservation changed, and whether it
-- became smaller.
function reservations.set(c, name, game, demand, is_busy)
  local held = reservations.held(c, name, game)
  local new = is_busy and held and larger(held, demand) or { cpu = demand.cpu, memory = demand.memory }
  new.container = demand.container
  local keeps = is_in_range(reservations.node(c, name), demand.port)
  new.port = keeps and demand.port or is_busy and held and held.port or nil
  if held and encode(new) == held.text then return false, false end
  replace(c, name, game, held, new)
  return true, held and (new.cpu < held.cpu or new.memory < held.memory) or false
end

-- Ends the reservation of a game. With a container, only a reservation for this container ends, or one for none.
-- Returns whether a reservation ended.
function reservations.free(c, name, game, container)
  local held = reservations.held(c, name, game)
  if not held or container and held.container and held.container ~= container then return false end
  replace(c, name, game, held, nil)
  return true
end

-- Makes the reservation of a game as large as before a claim; empty: it ends. A reservation that has ended meanwhile
-- stays so.
function reservations.restore(c, name, game, text)
  local held, before = reservations.held(c, name, game), text ~= '' and parse(text) or nil
  if not held then return end
  if before then before.container, before.port = held.container, held.port end
  replace(c, name, game, held, before)
end

-- Gives a game another port, because somebody else holds its port. Returns the port; nil if there is none.
function reservations.change_port(c, name, game)
  local held = reservations.held(c, name, game)
  local port = held and next_port(c, name)
  if not port then return nil end
  replace(c, name, game, held, { cpu = held.cpu, memory = held.memory, container = held.container, port = port })
  return port
end

local function has_port(c, name, node)
  return node.last_port == 0 or call('HLEN', c.prefix .. 'ports:' .. name) <= node.last_port - node.first_port
end

-- Returns whether the node has capacity for a game with this demand. Its present reservation counts as free.
function reservations.fits(c, name, game, demand)
  local node, held = reservations.node(c, name), reservations.held(c, name, game)
  if not node.is_known or not held and node.slots > 0 and node.games >= node.slots then return false end
  if not (held and (held.port or held.container)) and not has_port(c, name, node) then return false end
  for _, resource in ipairs(RESOURCES) do
    local own = held and held[resource] or 0
    if node[resource] > 0 and demand[resource] > own
      and node['used_' .. resource] - own + demand[resource] > node[resource] then return false end
  end
  return true
end

-- Returns whether the node has capacity for a small game.
function reservations.has_capacity(c, name)
  local node = reservations.node(c, name)
  return node.is_known and has_port(c, name, node) and (node.slots == 0 or node.games < node.slots)
    and (node.cpu == 0 or node.used_cpu < node.cpu) and (node.memory == 0 or node.used_memory < node.memory)
end

-- Ends all reservations of a node.
function reservations.forget(c, name)
  call('DEL', c.prefix .. 'reservations:' .. name, c.prefix .. 'ports:' .. name)
  call('HDEL', c.prefix .. 'node:' .. name, 'used_cpu', 'used_memory')
  call('ZREM', c.prefix .. 'loads', name)
  c.nodes[name], c.held_of = nil, {}
end

-- Counts the sums of a node anew.
function reservations.recount(c, name)
  local node = reservations.node(c, name)
  node.used_cpu, node.used_memory = 0, 0
  for _, text in ipairs(call('HVALS', c.prefix .. 'reservations:' .. name)) do
    local held = parse(text)
    node.used_cpu, node.used_memory = node.used_cpu + held.cpu, node.used_memory + held.memory
  end
  store_sums(c, name, node)
end

-- Gives back the ports outside of the node's range.
function reservations.forget_ports(c, name)
  local ports = c.prefix .. 'ports:' .. name
  for _, port in ipairs(call('HKEYS', ports)) do
    if not is_in_range(reservations.node(c, name), tonumber(port)) then call('HDEL', ports, port) end
  end
end

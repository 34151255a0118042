-- Purpose: how far a node has looked through lists of starts that do not fit on it. So a claim begins behind them, and
-- many large starts do not hide a small one. `unfit` in `{ns}:node:NODE` has, for each list, the place of the last
-- start that was looked at, the least CPU and memory that the starts before need beyond their reservations, what the
-- node used at that time, and since when. A start joins the end of its list, so all starts up to the place stay looked
-- at.

local unfit = {}

-- Time in ms after which a node looks again at all starts. A record that somebody has deleted by hand is found then.
local LOOKED_MS = 60000

local function lists_of(c, name)
  local node = reservations.node(c, name)
  if not node.unfit then node.unfit = node.unfit_text and decoded(node.unfit_text) or {} end
  return node.unfit, node
end

-- Returns whether the node uses less than at the time of the record, so that a start may fit now.
local function has_grown(node, record)
  local uses_less = node.games < record.games or node.used_cpu < record.used_cpu
    or node.used_memory < record.used_memory
  return uses_less and (node.cpu == 0 or node.used_cpu + record.cpu <= node.cpu)
    and (node.memory == 0 or node.used_memory + record.memory <= node.memory)
end

-- Returns the place behind which the node looks for starts in a list.
function unfit.place(c, name, list)
  local lists, node = lists_of(c, name)
  local record = lists[list]
  if record and (has_grown(node, record) or c.now > record.since + LOOKED_MS) then lists[list], record = nil, nil end
  return record and record.place or 0
end

-- Adds a start that does not fit to what the caller knows of a list.
function unfit.add(c, name, known, game, needs)
  local held = reservations.held(c, name, game) or { cpu = 0, memory = 0 }
  for _, resource in ipairs({ 'cpu', 'memory' }) do
    local more = math.max(0, needs[resource] - held[resource])
    known[resource] = math.min(known[resource] or more, more)
  end
end

-- Stores that all starts up to a place are looked at. `known` has the needs of those that do not fit.
function unfit.note(c, name, list, place, known)
  local lists, node = lists_of(c, name)
  -- Nothing fits on a node that has not announced its games, and all may fit afterwards.
  if not known.cpu or not node.is_known then return end
  local before = lists[list] or known
  lists[list] = { place = place, cpu = math.min(before.cpu, known.cpu), memory = math.min(before.memory, known.memory),
    since = before.since or c.now, games = node.games, used_cpu = node.used_cpu, used_memory = node.used_memory }
  call('HSET', c.prefix .. 'node:' .. name, 'unfit', cjson.encode(lists))
end

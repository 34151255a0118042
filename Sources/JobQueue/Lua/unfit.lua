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

-- Returns the place behind which the node looks for starts in a list. A look through the list goes on to its end before
-- the node begins anew: otherwise it would never come to the end while games end all the time.
function unfit.place(c, name, list)
  local lists, node = lists_of(c, name)
  local record = lists[list]
  if not record then return 0 end
  if has_grown(node, record) or c.now > record.since + LOOKED_MS then
    if not record.is_open then
      lists[list] = nil
      return 0
    end
    record.is_stale = true
  end
  return record.place
end

-- Adds a start that does not fit to what the caller knows of a list.
function unfit.add(c, name, known, game, needs)
  local held = reservations.held(c, name, game) or { cpu = 0, memory = 0 }
  for _, resource in ipairs({ 'cpu', 'memory' }) do
    local more = math.max(0, needs[resource] - held[resource])
    known[resource] = math.min(known[resource] or more, more)
  end
end

-- Stores that all starts up to a place are looked at. `known` has the needs of those that do not fit. `is_open` says
-- that the list has more starts for a node with capacity. Returns whether the node begins anew with its next look.
function unfit.note(c, name, list, place, known, is_open)
  local lists, node = lists_of(c, name)
  local before = lists[list]
  -- Nothing fits on a node that has not announced its games, and all may fit afterwards.
  if not node.is_known or not known.cpu and not (before and before.is_open) then return false end
  local is_over = before and before.is_stale and not is_open
  if is_over then
    lists[list] = nil
  else
    local one, other = before or known, known.cpu and known or before
    lists[list] = { place = place, cpu = math.min(one.cpu, other.cpu), memory = math.min(one.memory, other.memory),
      since = before and before.since or c.now, games = node.games, used_cpu = node.used_cpu,
      used_memory = node.used_memory, is_open = is_open or nil, is_stale = before and before.is_stale or nil }
  end
  call('HSET', c.prefix .. 'node:' .. name, 'unfit', cjson.encode(lists))
  return is_over
end

-- Purpose: the capacity of a node, as its workers tell it. `{ns}:capacity:NODE` has a worker's numbers. The tightest of
-- all hold, in `{ns}:node:NODE`.

local capacity = {}

-- The numbers of a capacity. Of several workers the smallest value holds, and of first ports the largest: so a range of
-- ports is the one that all have. 0 is no bound.
local NUMBERS = { 'slots', 'cpu', 'memory', 'first_port', 'last_port' }

-- Stores the smallest capacity of the node's workers, and whether their capacities differ. The last capacity stays when
-- the last worker goes.
local function store_smallest(c, name)
  local smallest, differs, texts = {}, 0, call('HVALS', c.prefix .. 'capacity:' .. name)
  if #texts == 0 then return end
  for _, text in ipairs(texts) do
    if text ~= texts[1] then differs = 1 end
    local index = 1
    for number in string.gmatch(text, '%d+') do
      local value, known = tonumber(number), smallest[index] or 0
      local is_tighter = value < known
      if NUMBERS[index] == 'first_port' then is_tighter = value > known end
      if value > 0 and (known == 0 or is_tighter) then smallest[index] = value end
      index = index + 1
    end
  end
  for index, field in ipairs(NUMBERS) do
    call('HSET', c.prefix .. 'node:' .. name, field, context.digits(smallest[index] or 0))
  end
  call('HSET', c.prefix .. 'node:' .. name, 'differs', differs)
  call('HDEL', c.prefix .. 'node:' .. name, 'unfit')
  c.nodes[name] = nil
  reservations.forget_ports(c, name)
  reservations.recount(c, name)
end

-- Notes the capacity of the node as the worker of the call knows it.
function capacity.note(c, numbers)
  call('HSET', c.prefix .. 'capacity:' .. c.args.node, c.args.worker,
    string.format('%d %d %d %d %d', numbers.slots, numbers.cpu, numbers.memory, numbers.first_port, numbers.last_port))
  store_smallest(c, c.args.node)
end

-- Forgets a worker of a node.
function capacity.forget_worker(c, name, worker)
  if call('HDEL', c.prefix .. 'capacity:' .. name, worker) == 1 then store_smallest(c, name) end
end

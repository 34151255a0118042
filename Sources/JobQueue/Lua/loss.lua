-- Purpose: lost nodes: nodes without a sign of life for the grace time. Jobs of their games end or move; nothing else
--   changes until a job asks. A node that returns stops its disowned games before it takes a job.
-- `{ns}:lost_nodes` has the time of each loss. `{ns}:disowned:NODE` names games that the node must stop: another node has taken
-- the game over, or a stop or remove has ended `node_lost`.

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

-- Ends the loss of a node that has returned and has no disowned game.
function loss.returned(c, node)
  if call('ZREM', c.prefix .. 'lost_nodes', node) == 0 then return end
  context.set(c, 'lost', math.max(0, c.lost - 1))
  call('SREM', c.prefix .. 'moving', node)
  c.lost_nodes[node] = false
end

-- Purpose: a worker tells that it is there, what its node owns, and the settings that the scripts share.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, how long the worker counts as alive in ms, retention in ms, retention in entries, grace
--   time of a silent node in ms, lease in ms, 1 where the list of games is complete with this call, then the games of the
--   node's containers, each followed by 1 where it runs, else 0.
-- Answers: number of games that the node owns by now.
-- One step because: a node must not take jobs before all workers know what it owns.
local worker, node = ARGV[1], ARGV[2]
redis.call('HSET', META, 'retention_ms', ARGV[4], 'retention_entries', ARGV[5], 'grace_ms', ARGV[6],
  'lease_ms', ARGV[7])
redis.call('ZADD', P .. 'workers', now + tonumber(ARGV[3]), worker)
redis.call('SADD', P .. 'workers:' .. node, worker)
redis.call('HSET', P .. 'worker_nodes', worker, node)
redis.call('ZADD', P .. 'nodes', now, node)
local owned = 0
for index = 9, #ARGV, 2 do
  local game = ARGV[index]
  local owner = redis.call('HGET', P .. 'owner', game)
  if not owner or owner == node then
    redis.call('HSET', P .. 'owner', game, node)
    if ARGV[index + 1] == '1' then redis.call('SADD', P .. 'running:' .. node, game) end
    owned = owned + 1
    -- A stop that waited for whoever owns the game belongs to this node.
    if not owner and redis.call('HGET', P .. 'lanes', game) then
      local state = redis.call('HGET', P .. 'lanes', game)
      if string.sub(state, 1, 2) == 'r:' then
        unready(game)
        settle(game, node)
      end
    end
  end
end
if ARGV[8] == '1' then
  redis.call('HSET', P .. 'node:' .. node, 'told_at', now)
  redis.call('SREM', P .. 'untold', node)
elseif redis.call('HEXISTS', P .. 'node:' .. node, 'told_at') == 0 then
  redis.call('SADD', P .. 'untold', node)
end
return owned

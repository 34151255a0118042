-- Purpose: a worker tells that it is there, what its node owns, and the settings that the scripts share.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, how long the worker counts as alive in ms, retention in ms, retention in entries, grace
--   time of a silent node in ms, lease in ms, bytes of dead letters, how old a signed job
--   may be in ms (0: jobs are not signed), 1 where the list of games is complete with this call, then the games of the
--   node's containers, each followed by 1 where it runs, else 0.
-- Answers: number of games that the node owns by now.
-- Fails where the data is of another form.
-- One step because: a node must not take jobs before all workers know what it owns.
local FORM_OF_DATA = '7'
local worker, node = ARGV[1], ARGV[2]
-- Workers that keep the same data in two forms would count, order and supersede jobs past each other.
local form = call('HGET', META, 'form')
if form ~= FORM_OF_DATA and (form or call('HLEN', META) > (kept[1] and 1 or 0)) then
  return redis.error_reply('FORM the data of this namespace is kept in the form of another version: let its workers'
    .. ' end all jobs, stop them, and delete ' .. META)
end
call('HSET', META, 'form', FORM_OF_DATA, 'settings', table.concat(ARGV, ' ', 4, 9))
lease_ms = tonumber(ARGV[7])
note_silence()
call('ZADD', P .. 'workers', now + tonumber(ARGV[3]), worker)
call('SADD', P .. 'workers:' .. node, worker)
call('HSET', P .. 'worker_nodes', worker, node)
call('ZADD', P .. 'nodes', now, node)
local owned, games, running = 0, {}, {}
for index = 11, #ARGV, 2 do games[#games + 1] = ARGV[index] end
fetch(games)
for index, game in ipairs(games) do
  local owner, lane = owner_of(game), lane_of(game)
  if not owner or owner == node then
    owned = owned + 1
    if not owner then set_owner(game, node) end
    if ARGV[10 + 2 * index] == '1' then running[#running + 1] = game end
    -- A stop that waited for whoever owns the game belongs to this node.
    if not owner and lane and lane.state == 'r' then
      unready(game)
      settle(game, lane.head, node)
    end
  end
end
if #running > 0 then call('SADD', P .. 'running:' .. node, unpack(running)) end
if ARGV[10] == '1' then
  call('HSET', P .. 'node:' .. node, 'told_at', now)
  call('SREM', P .. 'untold', node)
elseif call('HEXISTS', P .. 'node:' .. node, 'told_at') == 0 then
  call('SADD', P .. 'untold', node)
end
return owned

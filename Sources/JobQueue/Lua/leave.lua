-- Purpose: a worker says that it ends: nobody rings it any more.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node.
-- Answers: "ok".
-- One step because: a doorbell must not be rung for a worker that has just gone.
local worker, node = ARGV[1], ARGV[2]
call('ZREM', P .. 'workers', worker)
call('HDEL', P .. 'worker_nodes', worker)
call('SREM', P .. 'workers:' .. node, worker)
forget_idle(worker, node)
call('DEL', P .. 'bell:' .. worker)
-- What it could not take may be there for another.
for _, class in ipairs({ 'stop', 'start' }) do
  ring_node(node, class)
  ring_any(class)
end
return 'ok'

-- Purpose: the leader corrects who holds a place on its node, after it has looked at all containers.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE.
-- Arguments: node, worker, epoch, number of games whose place is free, these games, then games that hold one.
-- Answers: "fenced" where another epoch leads; else how many places were freed and taken.
-- One step because: a job that has just begun holds the place of its game, whatever was seen before.
local node, worker, epoch, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local lease = call('HMGET', KEYS[2], 'holder', 'epoch')
if lease[1] ~= worker or lease[2] ~= epoch then return 'fenced' end
local running = P .. 'running:' .. node
local freed, taken = 0, 0
for index = 5, 4 + count do
  if not is_busy(ARGV[index]) then
    freed = freed + call('SREM', running, ARGV[index])
  end
end
for index = 5 + count, #ARGV do taken = taken + call('SADD', running, ARGV[index]) end
return { freed, taken }

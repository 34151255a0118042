-- Purpose: reads the oldest messages of a queue without taking them.
-- Keys: 1 {ns}:meta, 2 {ns}:queue:NAME, 3 {ns}:overflow:NAME.
-- Arguments: queue, most messages, most bytes of one message, most bytes in all, jobs in the window with which no start is admitted.
-- Answers: "paused" where the queue is; else "queue" or "overflow", whichever was read, then the messages, the
--   oldest first; in place of one that is too large its size and SHA-1. One of more than the most bytes in all
--   comes alone.
-- One step because: the size of the answer must be bounded before it is sent; nothing is changed.
local P = string.sub(KEYS[1], 1, -5)
-- A key that is no set pauses nothing.
if redis.pcall('SISMEMBER', P .. 'paused', ARGV[1]) == 1 then return 'paused' end
local answers, list = { 'queue' }, KEYS[2]
-- What was set aside for want of room is older than the queue, and goes first where there is room again.
if redis.call('EXISTS', KEYS[3]) == 1
  and tonumber(string.match(redis.call('HGET', KEYS[1], 'state') or '0 0 0 0', '^%d+ %d+ %d+ (%d+)')) < tonumber(ARGV[5]) then
  answers, list = { 'overflow' }, KEYS[3]
end
read_tail(list, 0, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), answers)
return answers

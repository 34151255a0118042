-- Purpose: reads the oldest messages of a queue, those of its inbox first, without taking them.
-- Keys: 1 {ns}:meta, 2 {ns}:inbox:NAME, 3 {ns}:queue:NAME.
-- Arguments: queue, most messages, most bytes of one message, most bytes in all.
-- Answers: "paused" where the queue is; else the messages, the oldest first; in place of one that is too large its size
--   and SHA-1. One of more than the most bytes in all comes alone.
-- One step because: the size of the answer must be bounded before it is sent; nothing is changed.
local P = string.sub(KEYS[1], 1, -5)
-- A key that is no set pauses nothing.
if redis.pcall('SISMEMBER', P .. 'paused', ARGV[1]) == 1 then return 'paused' end
local answers = {}
read_tail(KEYS[2], redis.call('LLEN', KEYS[2]), KEYS[3], 0, tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), answers)
return answers

-- Purpose: reads a page of a queue for a person, without taking anything.
-- Keys: 1 {ns}:meta, 2 the list.
-- Arguments: messages to skip, counted from the oldest; most messages, most bytes of one message, most bytes in all.
-- Answers: the messages behind those, the oldest first; in place of one that is too large its size and SHA-1. One of
--   more than the most bytes in all comes alone.
-- One step because: the size of the answer must be bounded before it is sent; nothing is changed.
local answers = {}
read_tail(nil, 0, KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), answers)
return answers

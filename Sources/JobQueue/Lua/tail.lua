-- Purpose: the one piece that reads messages of a queue without taking them.
-- Keys: none of its own.
-- Arguments: none of its own.
-- Answers: none of its own; read_tail.
-- One step because: the size of the answer must be bounded before it is sent.

-- Appends the oldest messages of `lists` behind the first `skipped` to `answers`, up to `most`, and no more than
-- `all_bytes` in all except for the first: a larger message comes alone. A message of more than `one_bytes` is answered
-- as its size and SHA-1. `lists` has one list, or two: all messages of the first are older than those of the second.
--
-- Redis copies what a command answers, and nobody knows how large the next message is. So each message is read alone,
-- and a call touches at most `all_bytes` and one message more.
local function read_tail(lists, skipped, most, one_bytes, all_bytes, answers)
  local older = #lists == 2 and redis.call('LLEN', lists[1]) or 0
  local bytes = 0
  for position = skipped + 1, skipped + most do
    local message = position <= older and redis.call('LINDEX', lists[1], -position)
      or redis.call('LINDEX', lists[#lists], older - position)
    if not message then return end
    bytes = bytes + #message
    if bytes > all_bytes and position > skipped + 1 then return end
    answers[#answers + 1] = #message > one_bytes and { #message, message_sha1(message) } or message
    if bytes > all_bytes then return end
  end
end

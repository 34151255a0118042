-- Purpose: the one piece that reads messages of a queue without taking them.
-- Keys: none of its own.
-- Arguments: none of its own.
-- Answers: none of its own; read_tail.
-- One step because: the size of the answer must be bounded before it is sent.

-- Appends the oldest messages of `list` behind the first `skipped` to `answers`, up to `most`, and no more than
-- `all_bytes` in all but for the first: one that is larger goes alone. In place of one of more than `one_bytes` stand its
-- size and SHA-1.
--
-- Redis copies what a command answers, and nobody knows how large the next message is. So each is read by itself, and a
-- call touches `all_bytes` and one message more at most.
local function read_tail(list, skipped, most, one_bytes, all_bytes, answers)
  local bytes = 0
  for position = 1, most do
    local message = redis.call('LINDEX', list, -position - skipped)
    if not message then return end
    bytes = bytes + #message
    if bytes > all_bytes and position > 1 then return end
    answers[#answers + 1] = #message > one_bytes and { #message, message_sha1(message) } or message
    if bytes > all_bytes then return end
  end
end

-- Purpose: the one piece that reads messages of a queue without taking them.
-- Keys: none of its own.
-- Arguments: none of its own.
-- Answers: none of its own; read_tail.
-- One step because: the size of the answer must be bounded before it is sent.

-- Appends the oldest messages behind the first `skipped` to `answers`, up to `most`, and no more than `all_bytes` in all
-- except for the first: a larger message comes alone. A message of more than `one_bytes` is answered as its size and
-- SHA-1. The `inbox_count` messages of `inbox` are older than those of `list`.
--
-- Redis copies what a command answers, and nobody knows how large the next message is. So each message is read alone,
-- and a call touches at most `all_bytes` and one message more.
local function read_tail(inbox, inbox_count, list, skipped, most, one_bytes, all_bytes, answers)
  local bytes = 0
  for position = skipped + 1, skipped + most do
    local message = position <= inbox_count and redis.call('LINDEX', inbox, -position)
      or redis.call('LINDEX', list, inbox_count - position)
    if not message then return end
    bytes = bytes + #message
    if bytes > all_bytes and position > skipped + 1 then return end
    answers[#answers + 1] = #message > one_bytes and { #message, message_sha1(message) } or message
    if bytes > all_bytes then return end
  end
end

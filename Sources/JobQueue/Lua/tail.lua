-- Purpose: the one piece that reads messages of a queue without taking them.
-- Keys: none of its own.
-- Arguments: none of its own.
-- Answers: none of its own; read_tail.
-- One step because: the size of the answer must be bounded before it is sent.

-- Appends the oldest messages of `list` behind the first `skipped` to `answers`, up to `most`, and no more than
-- `all_bytes` in all but for the first; in place of one of more than `one_bytes` its size and SHA-1.
--
-- A command costs more than a message, and nobody knows how large the next ones are: more at a time are read as long as
-- they are small.
local function read_tail(list, skipped, most, one_bytes, all_bytes, answers)
  local bytes, largest, position, count = 0, 1, 1, 1
  while position <= most do
    local last = math.min(position + count - 1, most)
    local messages = redis.call('LRANGE', list, -last - skipped, -position - skipped)
    for index = #messages, 1, -1 do
      local message = messages[index]
      local size = #message
      if size > largest then largest = size end
      if size > one_bytes then
        answers[#answers + 1] = { size, redis.sha1hex(message) }
      else
        bytes = bytes + size
        if bytes > all_bytes and position + #messages - index > 1 then return end
        answers[#answers + 1] = message
      end
    end
    if #messages <= last - position then return end
    position = last + 1
    count = math.max(1, math.min(4 * count, math.floor(all_bytes / largest)))
  end
end

-- Purpose: reads the oldest messages of a queue without taking them.
-- Keys: 1 {ns}:meta, 2 {ns}:queue:NAME.
-- Arguments: most messages, most bytes of one message, most bytes in all.
-- Answers: the messages, the oldest first; in place of one that is too large its size and SHA-1.
-- One step because: the size of the answer must be bounded before it is sent; nothing is changed.
local answers = {}
local bytes = 0
for position = 1, tonumber(ARGV[1]) do
  local message = redis.call('LINDEX', KEYS[2], -position)
  if not message then break end
  if #message > tonumber(ARGV[2]) then
    answers[position] = { #message, redis.sha1hex(message) }
  else
    bytes = bytes + #message
    if bytes > tonumber(ARGV[3]) and position > 1 then break end
    answers[position] = message
  end
end
return answers

-- Purpose: reads messages of a queue, bounded, and names them by their bytes.

local messages = {}

-- Returns the SHA-1 of a message: of its bytes up to 1 MiB. Above, of its size in decimal, a line feed and its first
-- 64 KiB: the time of a call must not grow with the size. `JobDecoder.sha1` is the same.
function messages.sha1(message)
  if #message <= 1048576 then return redis.sha1hex(message) end
  return redis.sha1hex(string.format('%d\n', #message) .. string.sub(message, 1, 65536))
end

-- Returns the list with the oldest messages of a queue, and the oldest message; false if there is none. The messages of
--   the inbox have woken workers, and are older than the messages of the queue.
--   Keys: 1 {ns}:meta, 2 {ns}:inbox:NAME, 3 {ns}:queue:NAME.
function messages.oldest(keys)
  local message = call('LINDEX', keys[2], -1)
  if message then return keys[2], message end
  return keys[3], call('LINDEX', keys[3], -1)
end

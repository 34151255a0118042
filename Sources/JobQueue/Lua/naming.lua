-- Purpose: the one piece that names messages by their bytes.
-- Keys: none of its own.
-- Arguments: none of its own.
-- Answers: none of its own; message_sha1.
-- One step because: nothing is read or changed.

-- The SHA-1 that stands for a message: of its bytes up to 1 MiB. Above, of its size in decimal, a line feed and its
-- first 64 KiB, so that the time of a call does not grow with what a producer pushes. `JobDecoder.sha1` is the same.
local function message_sha1(message)
  if #message <= 1048576 then return redis.sha1hex(message) end
  return redis.sha1hex(string.format('%d\n', #message) .. string.sub(message, 1, 65536))
end

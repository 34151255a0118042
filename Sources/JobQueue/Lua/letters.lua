-- Purpose: the dead letters, `{ns}:dead`: messages and jobs that a person may want to fix and retry. The record of a
--   job says `dead` exactly as long as its letter exists.

local letters = {}

-- Limits of kept bytes: of a job's message, and of a message without a job.
letters.JOB_BYTES, letters.OTHER_BYTES = 65536, 4096

-- Returns the fields of a letter by name, and the size of the letter in bytes.
function letters.read(texts)
  local letter, bytes = {}, 0
  for index = 1, #texts, 2 do
    letter[texts[index]] = texts[index + 1]
    bytes = bytes + #texts[index] + #texts[index + 1]
  end
  return letter, bytes
end

-- Deletes a letter. Returns the bytes of all other letters.
function letters.forget(c, entry)
  local letter, bytes = letters.read(entry[2])
  call('XDEL', c.prefix .. 'dead', entry[1])
  local key = c.prefix .. 'job:' .. (letter.job_id or '')
  local record = redis.pcall('HMGET', key, 'state', 'run')
  -- The record of a reused id, or of a later run, belongs to another job.
  if letter.error_code ~= 'id_reused' and record[1] == 'dead' and (record[2] or '1') == (letter.run or '1') then
    call('HSET', key, 'state', 'done')
  end
  return call('HINCRBY', c.meta, 'dead_bytes', -bytes)
end

-- Deletes the oldest letters while there are too many letters or bytes. A call deletes little more than it has added.
local function trim(c, bytes)
  local settings = context.settings(c)
  local count = call('XLEN', c.prefix .. 'dead')
  while count > 1 and (bytes > settings.most_dead_bytes or count > settings.retention_entries) do
    bytes = letters.forget(c, call('XRANGE', c.prefix .. 'dead', '-', '+', 'COUNT', 1)[1])
    count = count - 1
    call('HINCRBY', c.meta, 'dead_trimmed', 1)
  end
end

-- Adds a letter with the first bytes of the message. Returns the state of the job's record. A letter that cannot be
-- stored must not hold back the result, so such a letter is only counted.
function letters.add(c, job, code, sentence, message, most)
  local texts = { 'job_id', job.id, 'run', tostring(job.run), 'queue', job.queue, 'error_code', code,
    'error', sentence, 'message', string.sub(message, 1, most), 'size', tostring(#message),
    'sha1', messages.sha1(message), 'died_at', context.now_text(c) }
  local entry = redis.pcall('XADD', c.prefix .. 'dead', '*', unpack(texts))
  if type(entry) ~= 'string' then
    call('HINCRBY', c.meta, 'dead_lost', 1)
    return 'done'
  end
  local _, bytes = letters.read(texts)
  -- The first letter begins the count anew, in case somebody deleted letters by hand.
  if call('XLEN', c.prefix .. 'dead') == 1 then call('HSET', c.meta, 'dead_bytes', 0) end
  trim(c, call('HINCRBY', c.meta, 'dead_bytes', bytes))
  return 'dead'
end

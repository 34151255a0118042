-- Purpose: the calls of operators for messages and dead letters, and reading without taking.

-- Returns up to `limits.most` of the oldest messages of a list, after the first `skipped`, with at most
--   `limits.all_bytes` together. A larger message comes alone. Instead of a message above `limits.one_bytes` comes its
--   size and SHA-1. Each message is read alone, because Redis copies each reply.
local function read_messages(list, skipped, limits)
  local answers, bytes = {}, 0
  for position = skipped + 1, skipped + limits.most do
    local message = call('LINDEX', list, -position)
    bytes = bytes + (message and #message or 0)
    if not message or bytes > limits.all_bytes and #answers > 0 then return answers end
    answers[#answers + 1] = #message > limits.one_bytes and { #message, messages.sha1(message) } or message
    if bytes > limits.all_bytes then return answers end
  end
  return answers
end

-- Arguments: queue, most, one_bytes, all_bytes; for a page skipped in place of queue.
-- Keys: 1 {ns}:meta, 2 {ns}:inbox:NAME, 3 {ns}:queue:NAME. Returns: "paused", or the oldest messages of the inbox, or
--   of the queue if the inbox is empty; instead of a large one its size and SHA-1.
-- Atomic because: the size of the reply is bounded before it is sent.
define_reader('peek', function(c)
  if lanes.is_listed(c, 'paused', c.args.queue) then return 'paused' end
  return read_messages((messages.oldest(c.keys)), 0, c.args)
end)

-- Keys: 1 {ns}:meta, 2 the list. Returns: a page of the list for a person, as `peek` does.
define_reader('page', function(c)
  return read_messages(c.keys[2], c.args.skipped, c.args)
end)

-- Moves the oldest messages of a queue to the end of another queue, those of the inbox first. A call moves at most `most`
--   messages, and moves no further one after `all_bytes`.
-- Keys: 1 {ns}:meta, 2 {ns}:inbox:FROM, 3 {ns}:queue:FROM, 4 {ns}:queue:TO. Arguments: most, all_bytes.
-- Returns: the number of moved messages; 0 if none is left.
-- Atomic because: each message is in exactly one of the two queues.
define('move', function(c)
  local count, bytes = 0, 0
  while count < c.args.most and bytes < c.args.all_bytes do
    local list, message = messages.oldest(c.keys)
    if not message then break end
    -- The push comes first: half of this call leaves a message twice, and workers drop the second.
    call('LPUSH', c.keys[4], message)
    call('RPOP', list)
    count, bytes = count + 1, bytes + #message
  end
  return count
end)

-- Runs a dead job again: the same id, the next run, at the end of its lane.
-- Keys: 1 {ns}:meta, 2 {ns}:dead. Arguments: entry, sha1 (of the message), and of a job: job (the facts of the record,
--   supersedes and cancels). A message that is no job goes to the end of its queue. A job that ended under the name of
--   its bytes, because it came at a wrong time, takes its own id now if the id is free.
-- Returns: "ok"; "reused" (the id belongs to another job); "gone" (the letter is another, or none); "live" (the job
--   runs again already).
-- Atomic because: two retries of a letter give one run, and the id is never free in between.
local function requeue(c)
  local entry = call('XRANGE', c.keys[2], c.args.entry, c.args.entry)[1]
  local letter = entry and named(entry[2])
  if not letter then return 'gone' end
  if letter.error_code == 'id_reused' then return 'reused' end
  if messages.sha1(letter.message or '') ~= c.args.sha1 then return 'gone' end
  local job = c.args.job
  if not job then
    call('LPUSH', c.prefix .. 'queue:' .. letter.queue, letter.message)
  else
    local is_own = letter.job_id == job.id
    if not is_own and string.sub(letter.job_id or '', 1, 8) ~= 'invalid:' then return 'gone' end
    if jobs.read(c, job.id) then return is_own and 'live' or 'reused' end
    if not is_own and call('EXISTS', c.prefix .. 'job:' .. job.id) == 1 then return 'reused' end
    call('DEL', c.prefix .. 'job:' .. job.id)
    job.queue, job.run = letter.queue, is_own and tonumber(letter.run or 1) + 1 or 1
    placing.place(c, lanes.read(c, job.game_id), job, letter.message)
  end
  letters.forget(c, entry)
  workers.wake_queue(c, letter.queue)
  return 'ok'
end
define('requeue', requeue)

-- Deletes a letter; the result and the record of the id stay. Keys: 1 {ns}:meta, 2 {ns}:dead. Arguments: entry.
-- Returns: "ok", or "gone" if there is no such letter.
define('drop', function(c)
  local entry = call('XRANGE', c.keys[2], c.args.entry, c.args.entry)[1]
  if not entry then return 'gone' end
  letters.forget(c, entry)
  return 'ok'
end)

-- Deletes the oldest letters up to one. Keys: 1 {ns}:meta, 2 {ns}:dead. Arguments: last (entry), most.
-- Returns: how many letters were deleted; 0 if none is left.
define('clear', function(c)
  local entries = call('XRANGE', c.keys[2], '-', c.args.last, 'COUNT', c.args.most)
  for _, entry in ipairs(entries) do letters.forget(c, entry) end
  return #entries
end)

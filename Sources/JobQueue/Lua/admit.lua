-- Purpose: `admit` moves the oldest messages of a queue, decoded by the worker, into the lanes of their games.
-- Keys: 1 {ns}:meta, 2 {ns}:inbox:NAME, 3 {ns}:queue:NAME.
-- Arguments: worker, node, queue, and:
--   claims        see `finish`
--   most_starts   no start is admitted with this many jobs in the window
--   most_jobs     no job is admitted with this many jobs in the window
--   signed_ms     greatest age of a signed job
--   messages      the oldest first, each with
--     sha1, id, digest
--     kind, game_id, deadline (ms), enqueued_at, traceparent, supersedes, cancels   of a job
--     pushed_at (ms)                                                                of a signed job
--     code, error                                                                   of a rejected message
--     is_message                                                                    of a message without a job
-- Returns: the number of messages taken; "paused", "full" or "open"; 1 if messages are left, else 0; the numbers of
--   messages with the id of another request; the numbers of signed jobs with a wrong time. Numbers count from 1.
-- Atomic because: two workers must not swap two messages of a game, and a dying worker must lose none.

-- Turns a signed job with a wrong time into a rejected message. The id stays free for the producer, so the job ends
-- under the name of its bytes.
local function refuse_wrong_time(c, message)
  local age = message.pushed_at and c.now - message.pushed_at
  if not age or age <= c.args.signed_ms and age >= -60000 then return false end
  message.is_mistimed = true
  message.id = 'invalid:' .. message.sha1
  message.code = 'bad_signature'
  message.error = age < 0 and 'the job is dated more than 60 s ahead of Redis\' clock'
    or 'the job was signed more than ' .. c.args.signed_ms / 1000 .. ' s ago; sign it again'
  return true
end

-- Returns the digest of an earlier request with this id: empty for an unknown request, and nil for a free id.
local function known_digest(c, id)
  local record = redis.pcall('HMGET', c.prefix .. 'job:' .. id, '_result', '_job', 'state')
  if record.err then return '' end
  if record[1] then return string.match(record[1], ' (%S+)$') or '' end
  if record[2] then return (jobs.read(c, id) or {}).digest or '' end
  return record[3] and '' or nil
end

-- Decides about a message: "seen", "reused", "rejected", "placed" with the lane, or "full" if the message has to wait.
local function verdict_of(c, message)
  local known = known_digest(c, message.id)
  if known then return (known == '' or known == message.digest) and 'seen' or 'reused' end
  if message.code then return 'rejected' end
  if refuse_wrong_time(c, message) then return known_digest(c, message.id) and 'seen' or 'rejected' end
  local lane = lanes.read(c, message.game_id)
  if placing.has_capacity(c, lane, message) then return 'placed', lane end
  workers.hold(c, c.args.queue)
  return 'full'
end

-- There is one result for an id, so a message with the id of another request has none. A person decides.
local function bury_reused(c, message, bytes)
  call('HINCRBY', c.meta, 'id_reused', 1)
  letters.add(c, message, 'id_reused',
    'its id belongs to an earlier job that asks for something else; push it again under an id of its own', bytes,
    message.is_message and letters.OTHER_BYTES or letters.JOB_BYTES)
end

-- Carries out a verdict. Fails before any change if a result is necessary and cannot be published.
local function take(c, message, verdict, lane, bytes)
  if verdict == 'seen' then
    call('HINCRBY', c.meta, 'duplicates', 1)
  elseif verdict == 'reused' then
    bury_reused(c, message, bytes)
  elseif verdict == 'rejected' then
    results.finish(c, message, { outcome = 'rejected', effect = 'none', error_code = message.code,
      error = message.error }, bytes)
    call('HINCRBY', c.meta, 'rejected', 1)
    retention.trim(c, 2)
  else
    placing.place(c, lane, message, bytes)
  end
end

define_refusable('admit', function(c)
  local a, reply = c.args, { 0, 'open', 0, {}, {} }
  if lanes.is_listed(c, 'paused', a.queue) then return { 0, 'paused', 0, {}, {} } end
  local list, bytes = messages.oldest(c.keys)
  for index, message in ipairs(a.messages) do
    if index > 1 then bytes = call('LINDEX', list, -1) end
    -- Another worker was faster if these are not the decoded bytes.
    if not bytes or messages.sha1(bytes) ~= message.sha1 then break end
    message.queue, message.run = a.queue, 1
    local verdict, lane = verdict_of(c, message)
    if verdict == 'full' then
      reply[2] = 'full'
      break
    end
    take(c, message, verdict, lane, bytes)
    call('RPOP', list)
    reply[1] = index
    if verdict == 'reused' then table.insert(reply[4], index) end
    if message.is_mistimed then table.insert(reply[5], index) end
  end
  reply[3] = call('EXISTS', c.keys[2], c.keys[3]) > 0 and 1 or 0
  return reply
end)

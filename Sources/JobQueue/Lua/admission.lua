-- Purpose: `admit`: how messages leave a queue, how a job enters its lane and the window, and how a stop makes earlier
--   starts obsolete.

local placing = {}

-- Marks the earlier starts of the lane as obsolete, and cancels a running one if the job may cancel.
local function supersede(c, lane, job)
  lane.superseded = job.number
  lanes.store(c, lane)
  local head = jobs.read(c, lane.head)
  if not head or not STARTS[head.kind] then return end
  if lane.state ~= 'active' then
    -- An obsolete head moves to the list of the stops: its end needs no capacity.
    lanes.take_off(c, lane)
    lanes.make_ready(c, lane, head)
  elseif job.cancels and head.lease.worker then
    call('HSET', c.prefix .. 'job:' .. head.id, '_cancel', '1')
    workers.ring(c, head.lease.worker, 'cancel')
  end
end

-- Returns whether the jobs of a lane are outside the window, because the node of the game is silent. They wait for that
-- node, and must not keep the jobs of all other nodes out.
local function is_outside(c, lane)
  if lane.outside then return true end
  local owner = lanes.owner(c, lane)
  local seen = owner and tonumber(call('ZSCORE', c.prefix .. 'nodes', owner))
  if not seen then return false end
  -- After an outage of Redis or of all workers, nodes have the same time to come back.
  local silence = 2 * context.settings(c).lease_ms
  if seen >= c.now - silence or c.now < c.resumed_at + silence then return false end
  local behind = call('LLEN', c.prefix .. 'lane:' .. lane.game)
  lane.outside = true
  if lane.state then
    lanes.store(c, lane)
    context.set(c, 'window', c.window - math.min(1 + behind, lanes.MOST_COUNTED))
    workers.wake_held(c)
  end
  return true
end

-- Returns whether the window has capacity for a job. The last part of the window takes only stops and removes.
function placing.has_capacity(c, lane, job)
  local limit = STARTS[job.kind] and c.args.most_starts or c.args.most_jobs
  return c.window < limit or is_outside(c, lane)
end

-- Puts a job at the end of its lane. `job` has the facts of jobs.lua, and `supersedes` and `cancels`. The record comes
-- last: a failure at a key of a wrong type must not leave a record of a job that is in no lane.
function placing.place(c, lane, job, message)
  local outside, is_first = is_outside(c, lane), not lane.state
  context.set(c, 'admissions', c.admissions + 1)
  job.number = c.admissions
  local behind = is_first and 0 or call('RPUSH', c.prefix .. 'lane:' .. lane.game, job.id)
  if is_first then lanes.make_ready(c, lane, job) end
  jobs.create(c, job, message)
  c.placed[lane.game] = is_first and { lane = lane, job = job, message = message } or nil
  if behind < lanes.MOST_COUNTED and not outside then context.set(c, 'window', c.window + 1) end
  if not is_first and job.supersedes and not jobs.is_late(c, job) then supersede(c, lane, job) end
end

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

-- Admits messages. Returns the first part of the reply.
local function admit(c)
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
end

-- Returns a part of the reply; instead of a failed part its error. The other part counts all the same.
local function part(c, body)
  local has_succeeded, reply = pcall(body, c)
  if has_succeeded then return reply end
  c.placed = {}
  return type(reply) == 'table' and reply or redis.error_reply(reply)
end

-- Moves the oldest messages of a queue, decoded by the worker, into the lanes of their games. Then claims jobs, if the
-- worker has permits.
-- Keys: 1 {ns}:meta, 2 {ns}:inbox:NAME, 3 {ns}:queue:NAME.
-- Arguments: worker, node, queue, and:
--   most_starts   no start is admitted with this many jobs in the window
--   most_jobs     no job is admitted with this many jobs in the window
--   signed_ms     greatest age of a signed job
--   messages      the oldest first, each with
--     sha1, id, digest
--     kind, game_id, deadline (ms), enqueued_at, traceparent, supersedes, cancels   of a job
--     pushed_at (ms)                                                                of a signed job
--     code, error                                                                   of a rejected message
--     is_message                                                                    of a message without a job
--   claims        the queues of the claim, and the other arguments of `claim`; none: the worker claims nothing
-- Returns: two parts, each of which may be an error. The first has the number of messages taken; "paused", "full" or
--   "open"; 1 if messages are left, else 0; the numbers of messages with the id of another request; the numbers of
--   signed jobs with a wrong time. Numbers count from 1. The second is the reply of `claim`, if the worker claims.
-- Atomic because: two workers must not swap two messages of a game, and a dying worker must lose none.
define_refusable('admit', function(c)
  local reply = { part(c, admit) }
  if c.args.claims then reply[2] = part(c, claim) end
  return reply
end)

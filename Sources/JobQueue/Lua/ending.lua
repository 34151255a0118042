-- Purpose: `finish`, and the end of jobs on every other way: the result, the record of the id, and the dead letter in
--   one step; and how long results and records are kept. `{ns}:dead` has the dead letters: messages and jobs that a
--   person may want to fix and retry. The record of a job says `dead` exactly as long as its letter exists.

local letters = {}

-- Limits of kept bytes: of a job's message, and of a message without a job.
letters.JOB_BYTES, letters.OTHER_BYTES = 65536, 4096

-- Deletes a letter. Returns the bytes of all other letters.
function letters.forget(c, entry)
  local letter, bytes = named(entry[2])
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
  local _, bytes = named(texts)
  -- The first letter begins the count anew, in case somebody deleted letters by hand.
  if call('XLEN', c.prefix .. 'dead') == 1 then call('HSET', c.meta, 'dead_bytes', 0) end
  trim(c, call('HINCRBY', c.meta, 'dead_bytes', bytes))
  return 'dead'
end

local results = {}

-- Failures without anything to fix: they describe the state of the node.
local REFUSALS = { name_conflict = true, container_running = true, stale_container = true, container_not_found = true }

-- The fields of a result.
local FIELDS = { 'job_id', 'kind', 'game_id', 'outcome', 'effect', 'error_code', 'error', 'container_id',
  'container_name', 'engine_endpoint', 'started_at', 'forced', 'attempts', 'run', 'enqueued_at', 'taken_at',
  'traceparent', 'worker', 'node', 'finished_at' }

-- Returns the fields of a result, names and values in turn. `ending` has a value for each field that applies, and
--   worker and node if these are not the caller's.
local function fields_of(c, job, ending)
  local lease, fields, size = job.lease or {}, {}, 0
  local values = { job.id, job.kind, job.game_id, ending.outcome, ending.effect, ending.error_code, ending.error,
    ending.container_id, ending.container_name, ending.engine_endpoint, ending.started_at, ending.forced,
    context.digits(lease.attempts), job.run > 1 and context.digits(job.run), job.enqueued_at, lease.taken_at,
    job.traceparent, ending.worker or c.args.worker, ending.node or c.args.node, context.now_text(c) }
  for index = 1, #FIELDS do
    local value = values[index]
    if value and value ~= '' then
      fields[size + 1], fields[size + 2] = FIELDS[index], value
      size = size + 2
    end
  end
  return fields
end

-- Ends a job: publishes the result and writes the record of the id. Fails before any change if no result can be
-- published. The caller moves the lane on.
function results.finish(c, job, ending, message)
  local fields = fields_of(c, job, ending)
  local entry = call('XADD', c.prefix .. 'results', '*', 'v', '1', unpack(fields))
  local state = 'done'
  if ending.outcome == 'rejected' or ending.outcome == 'failed' and not REFUSALS[ending.error_code] then
    local most = job.is_message and letters.OTHER_BYTES or letters.JOB_BYTES
    state = letters.add(c, job, ending.error_code or 'internal', ending.error or '',
      message or jobs.message(c, job.id), most)
  end
  local key = c.prefix .. 'job:' .. job.id
  call('DEL', key, c.prefix .. 'message:' .. job.id)
  call('HSET', key, 'state', state, '_token', job.lease and job.lease.token or '', '_result',
    entry .. ' ' .. job.digest, unpack(fields))
  call('PEXPIRE', key, context.digits(context.settings(c).retention_ms))
  call('ZREM', c.prefix .. 'leases', job.id)
  jobs.unwatch_deadline(c, job)
end

local retention = {}

-- Returns whether results can be published. If not, `claim` and `sweep` try to end jobs again later.
function retention.can_publish(c)
  return type(redis.pcall('XLEN', c.prefix .. 'results')) == 'number'
end

-- Returns whether the record of an id outlives its result. A signed message may be pushed again as long as its
-- signature is valid, and may be dated a minute ahead.
local function outlives(c, id, entry)
  local signed_ms = context.settings(c).signed_ms
  return signed_ms > 0 and string.sub(id, 1, 8) ~= 'invalid:'
    and tonumber(string.match(entry, '^(%d+)')) > c.now - signed_ms - 60000
end

-- Deletes the record of a result. A record of a live job or of a later run stays.
local function forget_record(c, entry)
  local result = named(entry[2])
  local key = c.prefix .. 'job:' .. (result.job_id or '')
  local record = redis.pcall('HMGET', key, '_job', '_result')
  if record.err or record[1] or outlives(c, result.job_id or '', entry[1]) then return end
  if not record[2] or string.match(record[2], '^%S+') == entry[1] then call('DEL', key) end
end

-- Deletes up to `most` of the oldest results and their records, if there are too many or if they are too old. Returns
-- whether there may be more to delete.
function retention.trim(c, most)
  local settings, stream = context.settings(c), c.prefix .. 'results'
  local surplus = call('XLEN', stream) - settings.retention_entries
  local oldest_kept = c.now - settings.retention_ms
  local function is_kept(entry, index)
    return index > surplus and tonumber(string.match(entry[1], '^(%d+)')) > oldest_kept
  end
  -- Usually the time of the oldest result, as it was last read, is enough.
  if surplus <= 0 and c.oldest_at > oldest_kept then return false end
  local oldest = call('XRANGE', stream, '-', '+', 'COUNT', most)
  for index, entry in ipairs(oldest) do
    if is_kept(entry, index) then
      context.set(c, 'oldest_at', tonumber(string.match(entry[1], '^(%d+)')))
      return false
    end
    forget_record(c, entry)
    call('XDEL', stream, entry[1])
  end
  return #oldest == most
end

-- Returns the reply for a job that is not active under this token.
local function refusal(c, done)
  local record = call('HMGET', c.prefix .. 'job:' .. done.id, '_token', 'state')
  return record[1] == done.lease.token and (record[2] == 'done' or record[2] == 'dead') and 'again' or 'stale'
end

-- Keeps the effects of the end on the node and on later jobs.
local function note_effect(c, done, lane)
  local game = lane.game
  local spec = c.prefix .. 'spec:' .. game
  if done.frees and reservations.free(c, c.args.node, game) then workers.wake_for_capacity(c, c.args.node) end
  -- A restart needs the request as long as the game has an owner, and for one retention time afterwards.
  if done.request then call('SET', spec, done.request) end
  if done.disowns then call('PEXPIRE', spec, context.settings(c).retention_ms) end
  if done.container then
    containers.note_started(c, done.container, done.checkpoint)
    local _, shrinks = reservations.set(c, c.args.node, game, done, false)
    if shrinks then workers.wake_for_capacity(c, c.args.node) end
    -- The game may have moved meanwhile.
    if lanes.owner(c, lane) == c.args.node then
      lanes.raise_fence(c, game, tonumber(string.match(done.lease.token, '^%d+') or 0))
    end
  end
end

local function finish_one(c, done)
  local lane = lanes.read(c, done.game_id)
  if lane.state ~= 'active' or lane.head ~= done.id or lane.token ~= done.lease.token then
    return refusal(c, done)
  end
  -- An earlier call may have published the result, and then failed at a key of a wrong type.
  if redis.pcall('HGET', c.prefix .. 'job:' .. done.id, '_token') ~= done.lease.token then
    results.finish(c, done, done.ending)
  end
  -- The game may have a newer container on another node.
  if done.disowns and lanes.owner(c, lane) == c.args.node then lanes.clear_owner(c, lane) end
  -- The lane goes on first, because the rest may fail at a key of a wrong type.
  lanes.advance(c, lane)
  note_effect(c, done, lane)
  return 'ok'
end

-- Ends jobs after their run: result, record, owner, reservation, next job of the lane.
-- Arguments: worker, node, and:
--   claims   the queues of the worker's next claim; nobody is woken for jobs of these queues
--   jobs     each with
--     id, kind, game_id, queue, run, digest, enqueued_at, traceparent
--     lease                   token, attempts, taken_at. The worker knows all facts of the record since its claim, so
--                             the record is not read, and may be gone.
--     ending                  the fields of the result
--     disowns                 true: the node no longer owns the game
--     frees                   true: the reservation of the game ends
--     request                 the request of the game's start, for a later restart
--     container, checkpoint   a container started by the job
--     cpu, memory, port       the limits of the container, in thousandths and bytes, and its published port
-- Returns: 1 if jobs of the node became ready, else 0; then for each job "ok", "again" (ended by this token before: the
--   reply was lost) or "stale" (another token has replaced this one; nothing was done).
-- Fails if no result can be published. Then the job stays under its lease, and the worker calls again.
-- Atomic because: a job must not end without a result, and a worker presumed dead must not end the job of another.
define('finish', function(c)
  local replies = { 0 }
  for _, done in ipairs(c.args.jobs) do
    replies[#replies + 1] = finish_one(c, done)
  end
  retention.trim(c, 2 * #c.args.jobs)
  replies[1] = c.has_made_ready and 1 or 0
  return replies
end)

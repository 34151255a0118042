-- Purpose: the end of jobs: the result, the record of the id, and the dead letter, in one step for every way to end.

local results = {}

-- Failures for which no person has to fix anything: they tell the state of the world.
local REFUSALS = { name_conflict = true, container_running = true, stale_container = true, container_not_found = true }

-- The end of a start that a later stop made obsolete before the start began.
results.SUPERSEDED = { outcome = 'superseded', effect = 'none',
  error = 'a later stop or remove of the game made it pointless' }

-- The end of a job whose deadline passed before the job began.
results.EXPIRED = { outcome = 'expired', effect = 'none', error = 'its deadline had passed before it was begun' }

local FIELDS = { 'outcome', 'effect', 'error_code', 'error', 'container_id', 'container_name', 'engine_endpoint',
  'started_at', 'forced' }

-- Returns the fields of a result, names and values in turn. `ending` has a value for each of FIELDS that applies, and worker
-- and node if these are not the caller's.
local function fields_of(c, job, ending)
  local fields = {}
  local function add(name, value)
    if value and value ~= '' then
      fields[#fields + 1] = name
      fields[#fields + 1] = tostring(value)
    end
  end
  add('job_id', job.id)
  add('kind', job.kind)
  add('game_id', job.game_id)
  for _, name in ipairs(FIELDS) do add(name, ending[name]) end
  add('attempts', job.lease and job.lease.attempts)
  add('run', job.run > 1 and job.run)
  add('enqueued_at', job.enqueued_at)
  add('taken_at', job.lease and job.lease.taken_at)
  add('traceparent', job.traceparent)
  add('worker', ending.worker or c.args.worker)
  add('node', ending.node or c.args.node)
  add('finished_at', context.now_text(c))
  return fields
end

-- Returns whether results can be published. If not, a caller that ends a job on the way to other work tries again later.
function results.can_publish(c)
  return type(redis.pcall('XLEN', c.prefix .. 'results')) == 'number'
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
  call('PEXPIRE', key, context.settings(c).retention_ms)
  call('ZREM', c.prefix .. 'leases', job.id)
  jobs.unwatch_deadline(c, job)
  results.trim(c, 2)
end

-- Returns whether the record of an id outlives its result. A signed message may be pushed again as long as its
-- signature is valid, and may be dated a minute ahead.
local function outlives(c, id, entry)
  local signed_ms = context.settings(c).signed_ms
  return signed_ms > 0 and string.sub(id, 1, 8) ~= 'invalid:'
    and tonumber(string.match(entry, '^(%d+)')) > c.now - signed_ms - 60000
end

-- Deletes the record that belongs to a result. A record of a live job or of a later run stays.
local function forget_record(c, entry)
  local result = letters.read(entry[2])
  local key = c.prefix .. 'job:' .. (result.job_id or '')
  local record = redis.pcall('HMGET', key, '_job', '_result')
  if record.err or record[1] or outlives(c, result.job_id or '', entry[1]) then return end
  if not record[2] or string.match(record[2], '^%S+') == entry[1] then call('DEL', key) end
end

-- Deletes up to `most` of the oldest results and their records, if there are too many or if they are too old. Returns
-- whether there may be more to delete.
function results.trim(c, most)
  local settings, stream = context.settings(c), c.prefix .. 'results'
  local surplus = call('XLEN', stream) - settings.retention_entries
  local oldest_kept = c.now - settings.retention_ms
  local function is_kept(entry, index)
    return index > surplus and tonumber(string.match(entry[1], '^(%d+)')) > oldest_kept
  end
  for index, entry in ipairs(call('XRANGE', stream, '-', '+', 'COUNT', most)) do
    if is_kept(entry, index) then return false end
    forget_record(c, entry)
    call('XDEL', stream, entry[1])
  end
  return true
end

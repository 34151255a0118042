-- Purpose: the end of jobs: the result, the record of the id, and the dead letter, in one step for every way to end.

local results = {}

-- Failures without anything to fix: they tell the state of the world.
local REFUSALS = { name_conflict = true, container_running = true, stale_container = true, container_not_found = true }

local FIELDS = { 'outcome', 'effect', 'error_code', 'error', 'container_id', 'container_name', 'engine_endpoint',
  'started_at', 'forced' }

-- Returns the fields of a result, names and values in turn. `ending` has a value for each of FIELDS that applies, and
--   worker and node if these are not the caller's.
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
end

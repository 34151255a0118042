-- Purpose: the calls of a worker for its leased jobs: `extend`, `progress`, `reserve`, `retry` and `release`.
-- Atomic because: a job must be under a lease, delayed or ready, never two of these, and a replaced token changes
--   nothing.

local leases = {}

-- Writes the state and the lease of a job, with more fields if there are any.
function leases.write(c, job, state, ...)
  job.state = state
  call('HSET', c.prefix .. 'job:' .. job.id, 'state', state, '_lease', cjson.encode(job.lease), ...)
end

-- Takes the lease away from a job.
function leases.take_back(c, job, state, ...)
  job.lease.token, job.lease.worker = nil, nil
  leases.write(c, job, state, ...)
  call('HDEL', c.prefix .. 'job:' .. job.id, '_cancel', '_progress')
  call('ZREM', c.prefix .. 'leases', job.id)
end

-- Ends the ownership that a start began, if the start has left nothing. Any node may then run the job.
function leases.disclaim(c, lane, job)
  if not job.lease.owns then return end
  job.lease.owns = nil
  if lanes.owner(c, lane) == c.args.node then lanes.clear_owner(c, lane) end
end

-- Gives back what the claim of a start has reserved.
function leases.restore(c, job)
  if not job.lease.held then return end
  reservations.restore(c, c.args.node, job.game_id, job.lease.held)
  workers.wake_for_capacity(c, c.args.node)
end

-- Returns whether the job runs under this token.
function leases.has_token(job, token)
  return job and job.state == 'running' and job.lease.token == token
end

-- Arguments: worker, node, engine_answers, alive_ms, lease_ms, jobs: id and token of each job of the worker.
-- Returns: 1 if the node has to announce its games, plus 2 if the workers of the node have different capacities; then
--   for each job "ok", "cancel" (a stop of the game waits) or "lost" (the job has ended, or another worker has it).
define('extend', function(c)
  local replies = { liveness.note_alive(c) }
  for _, held in ipairs(c.args.jobs) do
    local job = jobs.read(c, held.id)
    if not leases.has_token(job, held.token) then
      replies[#replies + 1] = 'lost'
    else
      call('ZADD', c.prefix .. 'leases', 'XX', c.now + c.args.lease_ms, held.id)
      replies[#replies + 1] = call('HEXISTS', c.prefix .. 'job:' .. held.id, '_cancel') == 1 and 'cancel' or 'ok'
    end
  end
  return replies
end)

-- Arguments: id, token, progress (the text of the field).
-- Returns: 1 if the job is still the caller's, else 0. Refused with a full memory, because no job depends on progress.
define_refusable('progress', function(c)
  if not leases.has_token(jobs.read(c, c.args.id), c.args.token) then return 0 end
  call('HSET', c.prefix .. 'job:' .. c.args.id, '_progress', c.args.progress)
  return 1
end)

-- Delays the lane of a job after a failed attempt.
-- Arguments: worker, node, id, token, pause_ms, code, error, frees (the reservation of the game), is_clean (the attempt
--   has left nothing behind).
-- Returns: "ok", "superseded" (a stop came meanwhile, and the job has ended) or "stale".
define('retry', function(c)
  local a, job = c.args, jobs.read(c, c.args.id)
  if not leases.has_token(job, a.token) then return 'stale' end
  local key, lane = c.prefix .. 'job:' .. a.id, lanes.read(c, job.game_id)
  -- A job with too many dead workers keeps the mark until the job is undone.
  local is_clean = a.is_clean and job.dirty ~= '2'
  local is_obsolete = is_clean and lanes.is_obsolete(lane, job)
  if is_obsolete then results.finish(c, job, lanes.SUPERSEDED) end
  if a.frees and reservations.free(c, a.node, job.game_id) then workers.wake_for_capacity(c, a.node) end
  if is_obsolete then
    lanes.advance(c, lane)
    return 'superseded'
  end
  if is_clean then
    if a.frees then leases.disclaim(c, lane, job) end
    call('HDEL', key, '_dirty')
    job.dirty = nil
    jobs.watch_deadline(c, job)
  else
    call('HSETNX', key, '_dirty', 1)
  end
  leases.take_back(c, job, 'retrying', '_error_code', a.code, '_error', a.error)
  lanes.delay(c, lane, job, c.now + a.pause_ms)
  return 'ok'
end)

-- Reserves what the image of a start turns out to need. Without capacity the job is given back, and the attempt does
-- not count. A job that made the node the owner of the game may then run on any node.
-- Arguments: worker, node, id, token, cpu, memory.
-- Returns: "ok", "full" (the job has been given back) or "stale".
-- Atomic because: two workers of a node must not reserve the same capacity.
define('reserve', function(c)
  local a, job = c.args, jobs.read(c, c.args.id)
  if not leases.has_token(job, a.token) then return 'stale' end
  local game, demand = job.game_id, { cpu = a.cpu, memory = a.memory }
  if reservations.fits(c, a.node, game, demand) then
    reservations.hold(c, a.node, game, demand)
    return 'ok'
  end
  local lane = lanes.read(c, game)
  jobs.set_demand(c, job, demand)
  job.lease.attempts = job.lease.attempts - 1
  if not job.dirty then leases.disclaim(c, lane, job) end
  leases.restore(c, job)
  leases.take_back(c, job, 'waiting')
  lanes.make_ready(c, lane, job)
  return 'full'
end)

-- Gives the game of a start another port of the node's range, because somebody else holds its port.
-- Arguments: worker, node, id, token. Returns: the port; 0 if there is none; -1 if the job is not the caller's.
define('change_port', function(c)
  local a, job = c.args, jobs.read(c, c.args.id)
  if not leases.has_token(job, a.token) then return -1 end
  return reservations.change_port(c, a.node, job.game_id) or 0
end)

-- Gives jobs back without running them. The attempt does not count.
-- Arguments: worker, node, is_clean, jobs: id and token of each job.
-- Returns: for each job "ok" or "stale".
define('release', function(c)
  local replies = {}
  for index, held in ipairs(c.args.jobs) do
    local job = jobs.read(c, held.id)
    replies[index] = leases.has_token(job, held.token) and 'ok' or 'stale'
    if replies[index] == 'ok' then
      local lane = lanes.read(c, job.game_id)
      job.lease.attempts = job.lease.attempts - 1
      if c.args.is_clean and not job.dirty then
        leases.disclaim(c, lane, job)
        leases.restore(c, job)
      end
      leases.take_back(c, job, 'waiting')
      if not c.args.is_clean and not job.dirty then
        job.dirty = '1'
        call('HSET', c.prefix .. 'job:' .. held.id, '_dirty', 1)
      end
      lanes.make_ready(c, lane, job)
    end
  end
  return replies
end)

-- Purpose: `finish` ends jobs after their run: result, record, owner, reservation, next job of the lane.
-- Arguments: worker, node, and:
--   claims   the queues of the worker's next claim; nobody is woken for jobs of these queues
--   jobs     each with
--     id, token
--     ending                  the fields of the result
--     owner                   "keep", "clear", or "undo": clear if this job made the node the owner
--     frees                   true: the reservation of the game ends
--     request                 the request of the game's start, for a later restart
--     container, checkpoint   a container started by the job
--     job                     the facts of the record, in case somebody has deleted the record
-- Returns: 1 if jobs of the node became ready, else 0; then for each job "ok", "again" (ended by this token before: the
--   reply was lost) or "stale" (another token has replaced this one; nothing was done).
-- Fails if no result can be published. Then the job stays under its lease, and the worker calls again.
-- Atomic because: a job must not end without a result, and a worker presumed dead must not end the job of another.

-- Returns the reply for a job that is not active under this token.
local function refusal(c, done)
  local record = call('HMGET', c.prefix .. 'job:' .. done.id, '_token', 'state')
  return record[1] == done.token and (record[2] == 'done' or record[2] == 'dead') and 'again' or 'stale'
end

-- Keeps the effects of the end on the node and on later jobs.
local function note_effect(c, done, game)
  local spec = c.prefix .. 'spec:' .. game
  if done.frees then call('SREM', c.prefix .. 'reserved:' .. c.args.node, game) end
  -- A restart needs the request as long as the game has an owner, and for one retention time afterwards.
  if done.request then call('SET', spec, done.request) end
  if done.owner == 'clear' then call('PEXPIRE', spec, context.settings(c).retention_ms) end
  if done.container then containers.note_started(c, done.container, done.checkpoint) end
end

local function finish_one(c, done)
  local lane = lanes.read(c, done.job.game_id)
  if lane.state ~= 'active' or lane.head ~= done.id or lane.token ~= done.token then
    return refusal(c, done)
  end
  local live = jobs.read(c, done.id)
  local job = live or done.job
  -- An earlier call may have published the result, and then failed at a key of a wrong type.
  if live or redis.pcall('HGET', c.prefix .. 'job:' .. done.id, '_token') ~= done.token then
    results.finish(c, job, done.ending)
  end
  if done.owner == 'clear' or done.owner == 'undo' and job.lease.owns then lanes.clear_owner(c, lane) end
  -- The lane goes on first, because the rest may fail at a key of a wrong type.
  lanes.advance(c, lane)
  note_effect(c, done, job.game_id)
  return 'ok'
end

define('finish', function(c)
  local replies = { 0 }
  for _, done in ipairs(c.args.jobs) do
    replies[#replies + 1] = finish_one(c, done)
  end
  retention.trim(c, 2 * #c.args.jobs)
  replies[1] = c.has_made_ready and 1 or 0
  return replies
end)

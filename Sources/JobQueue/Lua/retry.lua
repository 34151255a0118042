-- Purpose: parks the lane of a job whose attempt failed until the next try is due.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, id, token, pause in ms, error code, sentence, "keep" or "free" the
--   place on the node, "dirty" where the attempt may have left something behind, else "clean".
-- Answers: "ok", "superseded" (a stop came meanwhile: the job has ended) or "stale".
-- One step because: the job must be under lease or due at a time, never neither.
local worker, node, id, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local key = P .. 'job:' .. id
local job = job_of(id)
if not has_token(job, token) then return 'stale' end
-- One that has killed too many workers stays what it is until it is undone.
local clean = ARGV[9] == 'clean' and job.dirty ~= '2'
local game = job.game
local pointless = clean and STARTS[job.kind] and tonumber(job.number) < superseded_below(game)
if pointless then require_results() end
if ARGV[8] == 'free' then call('SREM', P .. 'running:' .. node, game) end
if clean then call('HDEL', key, '_dirty') else call('HSETNX', key, '_dirty', 1) end
if pointless then
  end_job(id, worker, node, superseded)
  advance(game, node)
  return 'superseded'
end
write_unleased(job, 'retrying', job.attempts, '_error_code', ARGV[6], '_error', ARGV[7])
call('ZREM', P .. 'lease', id)
call('ZADD', P .. 'delay', now + tonumber(ARGV[5]), id)
set_lane(game, 'd', id)
return 'ok'

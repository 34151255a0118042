-- Purpose: gives jobs back that a worker has leased and will not run, without burning an attempt.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, then id and token of each job, and "dirty" where it may have left something behind, else
--   "clean".
-- Answers: per job "ok" or "stale".
-- One step because: a job must be under lease or on a ready list, never neither.
local worker, node = ARGV[1], ARGV[2]
local answers = {}
for index = 3, #ARGV, 3 do
  local id, token = ARGV[index], ARGV[index + 1]
  local job = job_of(id)
  if not has_token(job, token) then
    answers[#answers + 1] = 'stale'
  else
    write_unleased(job, 'waiting', job.attempts - 1)
    if ARGV[index + 2] == 'dirty' then call('HSETNX', P .. 'job:' .. id, '_dirty', 1) end
    call('ZREM', P .. 'lease', id)
    settle(job.game, id, '')
    write_ready()
    local lane = lane_of(job.game)
    if not owner_of(job.game) then ring_any(string.match(lane.detail, '^ready:(%a+)')) end
    answers[#answers + 1] = 'ok'
  end
end
return answers

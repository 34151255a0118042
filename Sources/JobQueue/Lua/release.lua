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
  local key = P .. 'job:' .. id
  local job = call('HMGET', key, '_token', 'state', 'game_id')
  if job[1] ~= token or job[2] ~= 'running' then
    answers[#answers + 1] = 'stale'
  else
    call('HSET', key, 'state', 'waiting')
    if ARGV[index + 2] == 'dirty' then call('HSETNX', key, '_dirty', 1) end
    call('HINCRBY', key, '_attempts', -1)
    call('HDEL', key, '_token', '_worker', '_cancel', '_progress')
    call('ZREM', P .. 'lease', id)
    settle(job[3], id, '')
    write_ready()
    local lane = lane_of(job[3])
    if not owner_of(job[3]) then ring_any(string.match(lane.list, '^ready:(%a+)')) end
    answers[#answers + 1] = 'ok'
  end
end
return answers

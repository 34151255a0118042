-- Purpose: ends jobs that a worker has run: result, idempotency record, owner, next of the lane.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, then per job: id, token, what becomes of the owner ("keep", "clear", or "undo": clear
--   it where this job made it), "keep" or "free" the place on the node, what the game runs from now on (for a later
--   restart; empty: unchanged), number of the texts that follow, names and values of the result in turn.
-- Answers: per job "ok", "again" (it was ended by this token before: the first answer was lost) or "stale"
--   (the token was replaced: nothing was done).
-- One step because: the result must not be published without the job's end, and a worker that was
--   presumed dead must not end what another runs by now.
local worker, node = ARGV[1], ARGV[2]
local answers = {}
local index = 3
while index <= #ARGV do
  local id, token, owner, place, spec, count = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3],
    ARGV[index + 4], tonumber(ARGV[index + 5])
  local job = redis.call('HMGET', P .. 'job:' .. id, '_token', 'state', '_queue', '_owns')
  if job[1] ~= token then
    answers[#answers + 1] = 'stale'
  elseif job[2] ~= 'running' then
    answers[#answers + 1] = job[3] and 'stale' or 'again'
  else
    local ending = {}
    for offset = 1, count do ending[offset] = ARGV[index + 5 + offset] end
    local game = end_job(id, worker, node, ending)
    if owner == 'clear' or owner == 'undo' and job[4] then redis.call('HDEL', P .. 'owner', game) end
    -- Kept as long as the game has an owner, and for the retention after that.
    if spec ~= '' then redis.call('SET', P .. 'spec:' .. game, spec) end
    if owner == 'clear' then redis.call('PEXPIRE', P .. 'spec:' .. game, retention_ms) end
    if place == 'free' then redis.call('SREM', P .. 'running:' .. node, game) end
    settle(game, node)
    answers[#answers + 1] = 'ok'
  end
  index = index + 6 + count
end
return answers

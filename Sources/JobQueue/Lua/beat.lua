-- Purpose: says that a worker lives and lengthens its leases.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, 1 where the Engine answers, lease in ms, how long the worker counts as alive in
--   ms, then id and token of each job that it works on.
-- Answers: first "tell" where Redis does not know what the node owns (it has lost its data), else "known"; then per
--   job "ok", "cancel" (undo it: a stop of the game waits) or "lost" (another worker has it, or
--   it has ended: touch nothing of it any more).
-- One step because: a lease must not be lengthened for a token that was replaced.
local worker, node = ARGV[1], ARGV[2]
local lease_until = now + tonumber(ARGV[4])
local answers = { say_alive(worker, tonumber(ARGV[5]), node, ARGV[3] == '1') and 'tell' or 'known' }
for index = 6, #ARGV, 2 do
  local job = call('HMGET', P .. 'job:' .. ARGV[index], '_lease', '_cancel', 'state')
  if job[3] ~= 'running' or string.match(job[1] or '', '^%S+') ~= ARGV[index + 1] then
    answers[#answers + 1] = 'lost'
  else
    call('ZADD', P .. 'lease', 'XX', lease_until, ARGV[index])
    answers[#answers + 1] = job[2] and 'cancel' or 'ok'
  end
end
return answers

-- Purpose: shows how far a leased job has come.
-- Keys: 1 {ns}:meta.
-- Arguments: id, token, text of the field.
-- Answers: 1 where the job is still the caller's, else 0.
-- One step because: a job that was leased anew, or has ended, must not show what an attempt before was at.
local key = string.sub(KEYS[1], 1, -5) .. 'job:' .. ARGV[1]
local job = redis.call('HMGET', key, '_lease', 'state')
if job[2] ~= 'running' or string.match(job[1] or '', '^%S+') ~= ARGV[2] then return 0 end
redis.call('HSET', key, '_progress', ARGV[3])
return 1

-- Purpose: an operator is done with a dead message: it is forgotten, its result and the record of its id stay.
-- Keys: 1 {ns}:meta, 2 {ns}:dead.
-- Arguments: id of the entry.
-- Answers: "ok", or "gone" where it is there no more.
-- One step because: the record says "dead" exactly as long as the entry is there.
local entry = call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
if not entry then return 'gone' end
local letter = {}
for index = 1, #entry[2], 2 do letter[entry[2][index]] = entry[2][index + 1] end
call('XDEL', KEYS[2], ARGV[1])
local key = P .. 'job:' .. letter.job_id
local record = call('HMGET', key, 'state', 'run')
-- The record of a reused id is another job's.
if letter.error_code ~= 'id_reused' and record[1] == 'dead' and (record[2] or '1') == (letter.run or '1') then call('HSET', key, 'state', 'done') end
return 'ok'

-- Purpose: a job tells the listener of its node what it does to a container, or has seen of it.
-- Keys: 1 {ns}:meta.
-- Arguments: node, container, then "begun" and the mark of the run that it has started; or "asked",
--   what the job says of that and the id of the job, before the Engine is told to end it; or "forced" and 1 or 0, what the stop saw; or "exit"
--   and how the last run had ended, before the container is removed.
-- Answers: 1 where it was noted, 0 where the listener has told it already. For "asked": what the same job had said of this
--   container before, where it had; that stays, since the Engine goes on with a stop whose caller has died.
-- One step because: what is noted after its step was published would be taken for the next run's.
local node, container, what, text = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if what == 'begun' then return note_begun(node, { container, text }) end
local intents = P .. 'intents:' .. node
local mark = call('HGET', P .. 'stories:' .. node, container)
if not mark and call('ZSCORE', P .. 'ended:' .. node, container) then return 0 end
if what == 'asked' then
  local key, named = P .. 'job:' .. ARGV[5], container .. '\n'
  local record = call('HMGET', key, '_job', '_asked')
  local before = record[2] and string.sub(record[2], 1, #named) == named and string.sub(record[2], #named + 1)
  if record[1] and not before then call('HSET', key, '_asked', named .. text) end
  call('HSET', intents, container, before or text)
  if before then return before end
elseif what == 'forced' then
  if call('HEXISTS', intents, container) == 0 then return 0 end
  call('HSET', intents, container .. ':forced', text)
elseif what == 'exit' then
  if mark and string.sub(mark, 1, 1) ~= 's' then return 0 end
  call('HSET', intents, container .. ':exit', text)
else
  return redis.error_reply('ERR tell: unknown word ' .. what)
end
return 1

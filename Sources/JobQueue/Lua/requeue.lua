-- Purpose: an operator's retry of a dead message: the same id, its next run, at the end of its game's lane.
-- Keys: 1 {ns}:meta, 2 {ns}:dead.
-- Arguments: id of the entry, SHA-1 of its message, "job" or "message", then for a job what its message says: id, kind,
--   game, marks (as admit has them), enqueued_at, traceparent, digest. A "message" had no id of its own when it
--   was rejected: it goes to the end of its queue as it is. A "job" may have been rejected under the name of its bytes,
--   because it came at a wrong time: then it takes its own id now, if no other job has that.
-- Answers: "ok"; "reused" where the id belongs to another job, so that it can only be dropped; "gone" where the entry is there no more, or is another; "live" where the job runs again already.
-- One step because: an entry retried twice must give one run, and the id must not be free in between.
local entry = call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
if not entry then return 'gone' end
local letter = read_letter(entry[2])
-- Its id belongs to another job.
if letter.error_code == 'id_reused' then return 'reused' end
if message_sha1(letter.message or '') ~= ARGV[2] then return 'gone' end
if ARGV[3] == 'message' then
  call('LPUSH', P .. 'queue:' .. letter.queue, letter.message)
else
  local is_own = letter.job_id == ARGV[4]
  if not is_own and string.sub(letter.job_id or '', 1, 8) ~= 'invalid:' then return 'gone' end
  local key = P .. 'job:' .. ARGV[4]
  if call('HEXISTS', key, '_job') == 1 then return is_own and 'live' or 'reused' end
  if not is_own and call('EXISTS', key) == 1 then return 'reused' end
  call('DEL', key)
  place({ id = ARGV[4], kind = ARGV[5], game = ARGV[6], message = letter.message, queue = letter.queue,
    deadline = '', marks = ARGV[7], enqueued_at = ARGV[8], traceparent = ARGV[9], digest = ARGV[10],
    run = is_own and tonumber(letter.run or 1) + 1 or 1 }, '')
  write_ready()
end
forget_letter(entry)
ring_any('stop')
ring_any('start')
return 'ok'

-- Purpose: moves the oldest messages of a queue, decoded by the caller, into the lanes of their games, leases what is
--   ready then, and reads what comes behind them. Messages of the inbox are older than those of the queue: as long as
--   there are any, only they are moved.
-- Keys: 1 {ns}:meta, 2 {ns}:inbox:NAME, 3 {ns}:queue:NAME.
-- Arguments: queue, worker, node, jobs in the window with which no start is admitted, and with which no other
--   job is, what claim.lua has from the nonce on (an empty nonce: nothing is claimed), how many messages
--   behind these are to be known, how many of those are known, the most bytes of one and of all that are answered, the
--   number of the queues that follow, those queues in order of priority, then 11 per message, the oldest first: its
--   bytes, or where it has more than 512 their SHA-1; "job", "refused" (a job that the operator's policy refuses) or
--   "rejected" (no job), id, kind, game, deadline in ms, marks ("s" makes waiting starts pointless, "c" also cancels a
--   running one), enqueued_at, traceparent, error code and sentence of a rejected one joined by a space (of a signed job
--   in their place: when it was pushed and how old it may be, in ms), digest of what
--   it asks for (`Job.digest`; of a message that is no job, of its bytes). What is not known is empty. A message of more
--   than the most bytes in all comes alone.
-- Answers: messages taken off the list; 1 where the window was full, else 0; 1 where the queue is paused, else 0; the
--   messages that stand behind those that are known, as peek.lua has them (behind those taken where another was first;
--   nothing where that is not looked at); and what claim.lua answers, where in place of
--   the message of a job that was just placed there is its number in this call, from 1. Then the numbers of the messages
--   whose id belongs to a job that asks for something else, and of the signed jobs that came at a wrong time.
-- One step because: popped and placed at once, no two workers can swap two messages of a game, and a
--   worker that dies loses none. Where another worker was first the bytes differ and nothing is done.
local queue, worker, node = ARGV[1], ARGV[2], ARGV[3]
local in_inbox = call('LLEN', KEYS[2])
local list = in_inbox > 0 and KEYS[2] or KEYS[3]
local most_starts, most_others = tonumber(ARGV[4]), tonumber(ARGV[5])
local queue_count = tonumber(ARGV[15])
local first = 16 + queue_count
local taken, full = 0, 0
local calm = look(worker, node, 16, first - 1)

local function reject(job, problem)
  local code, sentence = string.match(problem, '^(%S+) (.*)$')
  fields[1], fields[2], field_count = 'job_id', job.id, 2
  add('kind', job.kind)
  add('game_id', job.game)
  add('outcome', 'rejected')
  add('effect', 'none')
  add('error_code', code)
  add('error', sentence)
  add('worker', worker)
  add('node', node)
  local entry = publish_result()
  local state = bury(job.id, '1', queue, code, sentence, job.message, job.is_job and JOB_BYTES or OTHER_BYTES)
  keep_record(job.id, entry, job.digest, state, '', fields, 1, field_count)
end

-- Returns whether the window has capacity for a job of this kind.
local function has_capacity(kind)
  return live < (STARTS[kind] and most_starts or most_others)
end

-- Numbers of the messages whose ids belong to other jobs.
local reused = {}

-- The id is known and was another job's. There is one result for an id, so this message has none; a person sees it.
local function refuse_reuse(job)
  reused[#reused + 1] = job.index
  call('HINCRBY', META, 'id_reused', 1)
  bury(job.id, '1', queue, 'id_reused',
    'its id belongs to an earlier job that asks for something else; push it again under an id of its own', job.message,
    job.is_job and JOB_BYTES or OTHER_BYTES)
end

-- What becomes of a message that is taken off.
local function take(job, verdict)
  if verdict == 'seen' then
    call('HINCRBY', META, 'duplicates', 1)
  elseif verdict == 'reused' then
    refuse_reuse(job)
  elseif verdict == 'rejected' then
    -- Nothing is changed for a message whose end cannot be published.
    require_results()
    call('HINCRBY', META, 'rejected', 1)
    reject(job, job.problem)
  else
    place(job, node)
  end
end

-- Signed jobs that came at a wrong time.
local mistimed = {}

-- Turns a signed job that came at a wrong time into a rejected message, and returns whether it did. Whoever captured it
-- may not use up its id, so it ends under the name of its bytes.
local function refuse_time(job)
  local pushed_at, most = string.match(job.problem, '^(%-?%d+) (%d+)$')
  if not pushed_at then return false end
  local age = now - tonumber(pushed_at)
  if age <= tonumber(most) and age >= -60000 then return false end
  mistimed[#mistimed + 1] = job.index
  job.id = 'invalid:' .. message_sha1(job.message)
  job.problem = age < 0 and 'bad_signature the job is dated more than 60 s ahead of Redis\' clock'
    or 'bad_signature the job was signed more than ' .. tonumber(most) / 1000 .. ' s ago; sign it again'
  return true
end

-- Whether these are the bytes that were decoded.
local function is_same(message, given)
  if not message then return false end
  if #message > 512 then return message_sha1(message) == given end
  return message == given
end

-- What the job of a known id asked for: its digest, empty where nobody knows any more.
local function known_digest(id)
  local record = redis.pcall('HMGET', P .. 'job:' .. id, '_job', '_result')
  if record.err then return '' end
  if record[1] then return job_of(id).digest end
  return string.match(record[2] or '', ' (%S+)$') or ''
end

-- Digests of the jobs of known ids, among those of the batch.
local seen = {}
local function note_seen()
  local keys, games = {}, {}
  for base = first, #ARGV, 11 do
    keys[#keys + 1] = P .. 'job:' .. ARGV[base + 2]
    if ARGV[base + 4] ~= '' then games[#games + 1] = ARGV[base + 4] end
  end
  fetch(games)
  if #keys == 0 or call('EXISTS', unpack(keys)) == 0 then return end
  for base = first, #ARGV, 11 do
    local id = ARGV[base + 2]
    if call('EXISTS', P .. 'job:' .. id) == 1 then seen[id] = known_digest(id) end
  end
end

local function take_all()
  -- Nothing is read further, or popped, if the oldest message is another than was decoded, or the last of the batch: of
  -- what others stand there nobody knows the size.
  local count, oldest = (#ARGV - first + 1) / 11, call('LINDEX', list, -1)
  if not is_same(oldest, ARGV[first]) then return end
  if in_inbox > 0 then count = math.min(count, in_inbox) end
  if count > 1 and not is_same(call('LINDEX', list, -count), ARGV[first + 11 * (count - 1)]) then count = 1 end
  note_seen()
  -- They are taken off with one command when all is done, since nobody else changes the list meanwhile.
  local messages = count > 1 and call('LRANGE', list, -count, -1) or { oldest }
  popped.list = list
  for index = 1, #messages do
    local message = messages[#messages + 1 - index]
    local base = first + (index - 1) * 11
    if not is_same(message, ARGV[base]) then break end
    local job = { id = ARGV[base + 2], kind = ARGV[base + 3], game = ARGV[base + 4], deadline = ARGV[base + 5],
      marks = ARGV[base + 6], enqueued_at = ARGV[base + 7], traceparent = ARGV[base + 8],
      problem = ARGV[base + 9], digest = ARGV[base + 10], is_job = ARGV[base + 1] ~= 'rejected',
      message = message, queue = queue, run = 1, index = index }
    local verdict
    local known = seen[job.id]
    if known then
      verdict = (known == '' or known == job.digest) and 'seen' or 'reused'
    elseif ARGV[base + 1] ~= 'job' then
      verdict = 'rejected'
    elseif refuse_time(job) then
      verdict = call('EXISTS', P .. 'job:' .. job.id) == 1 and 'seen' or 'rejected'
    else
      verdict = has_capacity(job.kind) and 'place' or 'wait'
    end
    if verdict == 'wait' then
      full, held = 1, '1'
      break
    end
    taken = taken + 1
    seen[job.id] = known or job.digest
    take(job, verdict)
    popped.count = taken
  end
end

local paused = not calm and is_listed('paused', queue)
if not paused then take_all() end
local ahead = false
if not paused and full == 0 then
  ahead = {}
  -- What was known stands behind these as long as nobody else took any.
  local known = 11 * taken == #ARGV - first + 1 and tonumber(ARGV[12]) or 0
  -- What was taken is still on its list: it is popped when all is done.
  read_tail(KEYS[2], in_inbox, KEYS[3], taken + known, tonumber(ARGV[11]) - known, tonumber(ARGV[13]), tonumber(ARGV[14]),
    ahead)
end
local waiting, jobs = 0, {}
if ARGV[6] ~= '' then
  jobs, waiting = claim(ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]))
end
return { taken, full, paused and 1 or 0, ahead, waiting, jobs, reused, mistimed }

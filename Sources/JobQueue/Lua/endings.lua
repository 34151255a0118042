-- Purpose: the one piece that ends jobs: result, idempotency record, dead letter and retention.
-- Keys: those of clock.lua.
-- Arguments: none of its own.
-- Answers: none of its own; what ends jobs, and write_back.
-- One step because: a job must not be ended without its result, nor have two.

-- Whether the record of an id outlives its result, whatever number of results came after it. A signed message may be
-- pushed again for as long as it may be old, and dated a minute ahead; whoever has no key cannot make such records.
local function outlives(id, entry)
  return signed_ms > 0 and string.sub(id, 1, 8) ~= 'invalid:'
    and tonumber(string.match(entry, '^(%d+)')) > now - signed_ms - 60000
end

-- Forgets up to `most` of the oldest results and their ids, where there are too many or they are too old.
-- A record that a later run of its id has made is kept. Answers whether there may be more to forget.
local function trim_results(most)
  local results = P .. 'results'
  local surplus = call('XLEN', results) - tonumber(retention_entries_text)
  local oldest_kept = now - tonumber(retention_ms_text)
  local function is_kept(entry, index)
    return index > surplus and tonumber(string.match(entry[1], '^(%d+)')) > oldest_kept
  end
  local oldest = call('XRANGE', results, '-', '+', 'COUNT', 1)[1]
  if not oldest or is_kept(oldest, 1) then return false end
  for index, entry in ipairs(call('XRANGE', results, '-', '+', 'COUNT', most)) do
    if is_kept(entry, index) then return false end
    for position = 1, #entry[2], 2 do
      if entry[2][position] == 'job_id' then
        local key = P .. 'job:' .. entry[2][position + 1]
        local record = call('HMGET', key, '_job', '_result')
        local is_its = not record[1] and (not record[2] or string.match(record[2], '^%S+') == entry[1])
        if is_its and not outlives(entry[2][position + 1], entry[1]) then call('DEL', key) end
      end
    end
    call('XDEL', results, entry[1])
  end
  return true
end

-- How a start ends that was not begun because a later stop wants the game stopped.
local superseded = { outcome = 'superseded', error = 'a later stop or remove of the game made it pointless' }

-- Failures that are no reason to mend and retry the job: it was told about the world as it is.
local refusals = { name_conflict = true, container_running = true, stale_container = true,
  container_not_found = true }

-- Names and values of a dead letter, by name; second, its bytes as they are counted.
local function read_letter(texts)
  local letter, bytes = {}, 0
  for index = 1, #texts, 2 do
    letter[texts[index]] = texts[index + 1]
    bytes = bytes + #texts[index] + #texts[index + 1]
  end
  return letter, bytes
end

-- Takes an entry off the dead letters. Returns the bytes of those that are left. Its record says "dead" exactly as long as it is there.
local function forget_letter(entry)
  local letter, bytes = read_letter(entry[2])
  call('XDEL', P .. 'dead', entry[1])
  local left = call('HINCRBY', META, 'dead_bytes', -bytes)
  local key = P .. 'job:' .. (letter.job_id or '')
  local record = redis.pcall('HMGET', key, 'state', 'run')
  -- The record of a reused id is another job's.
  if letter.error_code ~= 'id_reused' and record[1] == 'dead' and (record[2] or '1') == (letter.run or '1') then
    call('HSET', key, 'state', 'done')
  end
  return left
end

-- Forgets the oldest dead letters while there are too many of them or of their bytes. What a new one of many bytes
-- pushes out is a bounded number of old ones, since a call brings no more than it takes away.
local function trim_letters(bytes)
  local count, trimmed = call('XLEN', P .. 'dead'), 0
  local most = tonumber(retention_entries_text)
  while count > 1 and (bytes > most_dead_bytes or count > most) do
    local oldest = call('XRANGE', P .. 'dead', '-', '+', 'COUNT', 1)[1]
    bytes = forget_letter(oldest)
    count, trimmed = count - 1, trimmed + 1
  end
  if trimmed > 0 then call('HINCRBY', META, 'dead_trimmed', trimmed) end
end

-- Bytes that are kept of a message that was a job, and of one that was none.
local JOB_BYTES, OTHER_BYTES = 65536, 4096

-- Keeps what a person may want to mend and retry, with the first `most` of the producer's bytes. Returns the state of its
-- record. A dead letter that cannot be kept must not keep the result back: it is counted.
local function bury(id, run, queue, code, sentence, message, most)
  local texts = { 'job_id', id, 'run', run, 'queue', queue, 'error_code', code, 'error', sentence,
    'message', string.sub(message, 1, most), 'size', string.format('%d', #message), 'sha1', message_sha1(message),
    'died_at', now_rfc3339() }
  local entry = redis.pcall('XADD', P .. 'dead', '*', unpack(texts))
  if type(entry) ~= 'string' then
    call('HINCRBY', META, 'dead_lost', 1)
    return 'done'
  end
  local _, bytes = read_letter(texts)
  -- The first one begins the count anew, whatever was deleted by hand.
  if call('XLEN', P .. 'dead') == 1 then call('HSET', META, 'dead_bytes', 0) end
  trim_letters(call('HINCRBY', META, 'dead_bytes', bytes))
  return 'dead'
end

-- Ids whose leases are over, leases that begin (until when, and id, in turn), and results published.
local ended_leases, leases, published = {}, {}, 0
-- Games that hold a place on a node from now on, and messages that were taken off the end of a list.
local holding, popped = { games = {} }, { count = 0 }
-- Names and values in turn of the result at hand. One table serves all, since one that grows costs more than the
-- commands it is for.
local fields, field_count = {}, 0

local function begin_result(id, kind, game)
  fields[1], fields[2], fields[3], fields[4], fields[5], fields[6] = 'job_id', id, 'kind', kind, 'game_id', game
  field_count = 6
end

-- Adds a field that has something to say.
local function add(name, value)
  if value and value ~= '' then
    fields[field_count + 1], fields[field_count + 2] = name, value
    field_count = field_count + 2
  end
end

-- Fails if no result can be published: the key of the results is no stream.
local function require_results()
  call('XLEN', P .. 'results')
end

-- Whether results can be published. Asked before a job is ended on the way to something else, which must go on.
local publishable
local function can_publish()
  if publishable == nil then publishable = type(redis.pcall('XLEN', P .. 'results')) == 'number' end
  return publishable
end

-- Publishes the result whose names and values stand in `texts` from `first` to `last`. Returns its entry. This comes
-- before all else that an end changes: if it fails, the job has not ended.
local function publish(texts, first, last)
  return call('XADD', P .. 'results', '*', 'v', '1', unpack(texts, first, last))
end

-- Keeps a published result as the record of its id, with the digest of what the job asked for.
local function keep_record(id, entry, digest, state, token, texts, first, last)
  local key = P .. 'job:' .. id
  call('DEL', key, P .. 'message:' .. id)
  messages[id] = nil
  call('HSET', key, 'state', state, '_token', token, '_result', entry .. ' ' .. digest, unpack(texts, first, last))
  call('PEXPIRE', key, retention_ms_text)
  published = published + 1
end

-- Publishes the result at hand.
local function publish_result()
  add('finished_at', now_rfc3339())
  return publish(fields, 1, field_count)
end

-- Notes that a live job ends, and buries it where a person may want to mend it. Returns the state of its record. The
-- caller advances the lane.
local function end_live(id, kind, run, outcome, code, sentence)
  ended_leases[#ended_leases + 1] = id
  if outcome ~= 'failed' or refusals[code] then return 'done' end
  local job = job_of(id)
  -- Of one whose hash was deleted by hand there is nothing to keep.
  if not job then return 'done' end
  return bury(id, run or '1', job.queue, code or 'internal', sentence or '', message_of(id) or '', JOB_BYTES)
end

-- Ends the live head of a lane that no worker ends: `ending` has outcome, effect, error_code and error. The caller
-- advances the lane. Answers the game.
local function end_job(id, worker, node, ending)
  local job = job_of(id)
  local run = job.run ~= '1' and job.run
  begin_result(id, job.kind, job.game)
  add('outcome', ending.outcome)
  add('effect', 'none')
  add('error_code', ending.code)
  add('error', ending.error)
  add('attempts', job.attempts or '0')
  add('run', run)
  add('worker', worker)
  add('node', node)
  if job.enqueued_at ~= '-' then add('enqueued_at', job.enqueued_at) end
  add('taken_at', job.taken)
  if job.traceparent ~= '-' then add('traceparent', job.traceparent) end
  local token = job.token ~= '-' and job.token or ''
  local entry = publish_result()
  local state = end_live(id, job.kind, run, ending.outcome, ending.code, ending.error)
  keep_record(id, entry, job.digest, state, token, fields, 1, field_count)
  return job.game
end

-- Jobs that the call has placed and not written, by id, each with the names that placing.lua says.
local fresh = {}

-- Writes a job that was not there before; `lease` where it is claimed at once.
local function write_job(job, state, lease)
  local facts = job.number .. ' ' .. job.kind .. ' ' .. job.game .. ' ' .. job.queue .. ' ' .. job.run .. ' '
    .. job.digest .. ' ' .. (job.deadline == '' and '-' or job.deadline) .. ' ' .. (job.traceparent == '' and '-' or job.traceparent) .. ' '
    .. (job.enqueued_at == '' and '-' or job.enqueued_at)
  if lease then
    call('HSET', P .. 'job:' .. job.id, 'state', state, '_job', facts, '_lease', lease)
  else
    call('HSET', P .. 'job:' .. job.id, 'state', state, '_job', facts)
  end
  messages[job.id] = job.message
end

-- Writes the job of this id if it is not written yet, or all that are not.
local function write_fresh(id)
  for name, job in pairs(id and { [id] = fresh[id] } or fresh) do
    write_job(job, 'waiting')
    fresh[name] = nil
  end
end

-- Writes the messages of the jobs that were placed.
local function write_messages()
  local pairs_of_messages = {}
  for id, message in pairs(messages) do
    pairs_of_messages[#pairs_of_messages + 1] = P .. 'message:' .. id
    pairs_of_messages[#pairs_of_messages + 1] = message
  end
  if #pairs_of_messages > 0 then call('MSET', unpack(pairs_of_messages)) end
end

-- Writes what the script has changed and not written yet. Runs when it has ended, and where it has failed too: nothing
-- that it did is undone by Redis.
local function write_back()
  write_fresh()
  write_messages()
  if popped.count > 0 then call('LTRIM', popped.list, 0, -popped.count - 1) end
  write_games()
  if #leases > 0 then call('ZADD', P .. 'lease', unpack(leases)) end
  if #holding.games > 0 then call('SADD', holding.key, unpack(holding.games)) end
  if #ended_leases > 0 then call('ZREM', P .. 'lease', unpack(ended_leases)) end
  if published > 0 then trim_results(2 * published) end
  wake_held()
  write_state()
end

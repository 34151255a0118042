-- Purpose: the one piece that ends jobs: result, idempotency record, dead letter and retention.
-- Keys: those of clock.lua.
-- Arguments: none of its own.
-- Answers: none of its own; bury, publish_result and end_job.
-- One step because: a job must not be ended without its result, nor have two.

-- Forgets up to `most` of the oldest results and their ids, where there are too many or they are too old.
-- A record that a later run of its id has made is kept.
local function trim_results(most)
  local results = P .. 'results'
  local surplus = redis.call('XLEN', results) - retention_entries
  local function is_kept(entry, index)
    return index > surplus and tonumber(string.match(entry[1], '^(%d+)')) > now - retention_ms
  end
  local oldest = redis.call('XRANGE', results, '-', '+', 'COUNT', 1)[1]
  if not oldest or is_kept(oldest, 1) then return end
  for index, entry in ipairs(redis.call('XRANGE', results, '-', '+', 'COUNT', most)) do
    if is_kept(entry, index) then return end
    for position = 1, #entry[2], 2 do
      if entry[2][position] == 'job_id' then
        local key = P .. 'job:' .. entry[2][position + 1]
        local record = redis.call('HMGET', key, '_seq', '_result')
        if not record[1] and (not record[2] or record[2] == entry[1]) then redis.call('DEL', key) end
      end
    end
    redis.call('XDEL', results, entry[1])
  end
end

-- How a start ends that was not begun because a later stop wants the game stopped.
local superseded = { 'outcome', 'superseded', 'effect', 'none', 'error', 'a later stop or remove of the game made it pointless' }

-- Failures that are no reason to mend and retry the job: it was told about the world as it is.
local refusals = { name_conflict = true, container_running = true, stale_container = true,
  container_not_found = true }

-- Keeps what a person may want to mend and retry, with the producer's bytes, cut at 64 KiB.
local function bury(id, run, queue, code, sentence, message)
  redis.call('XADD', P .. 'dead', 'MAXLEN', '~', retention_entries, '*', 'job_id', id, 'run', run, 'queue', queue,
    'error_code', code, 'error', sentence, 'message', string.sub(message, 1, 65536), 'size', #message,
    'sha1', redis.sha1hex(message), 'died_at', rfc3339(now))
end

-- Publishes one result and keeps it as the record of its id. `fields` holds names and values in turn,
-- without v and finished_at.
local function publish_result(id, state, token, fields)
  fields[#fields + 1] = 'finished_at'
  fields[#fields + 1] = rfc3339(now)
  local entry = redis.call('XADD', P .. 'results', '*', 'v', '1', unpack(fields))
  local key = P .. 'job:' .. id
  redis.call('DEL', key)
  redis.call('HSET', key, 'state', state, '_token', token, '_result', entry, unpack(fields))
  redis.call('PEXPIRE', key, retention_ms)
  trim_results(2)
end

-- Ends a live job: adds what is known of it, publishes the result, and takes it off its lane, whose head
-- it must be. The caller settles the lane. `ending` holds names and values in turn.
local function end_job(id, worker, node, ending)
  local key = P .. 'job:' .. id
  local job = redis.call('HMGET', key, 'kind', 'game_id', '_attempts', '_run', '_enqueued_at', '_traceparent',
    '_taken', '_token', '_queue', '_message')
  local fields = { 'job_id', id, 'kind', job[1], 'game_id', job[2] }
  local function add(name, value)
    if value then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  for index = 1, #ending do fields[#fields + 1] = ending[index] end
  add('attempts', job[3])
  if job[4] and job[4] ~= '1' then add('run', job[4]) end
  add('worker', worker)
  add('node', node)
  add('enqueued_at', job[5])
  if job[7] then add('taken_at', rfc3339(tonumber(job[7]))) end
  add('traceparent', job[6])
  redis.call('LPOP', P .. 'lane:' .. job[2])
  redis.call('ZREM', P .. 'lease', id)
  redis.call('HINCRBY', META, starts(job[1]) and 'live_starts' or 'live_others', -1)
  local said = {}
  for index = 1, #ending, 2 do said[ending[index]] = ending[index + 1] end
  local is_dead = said.outcome == 'failed' and not refusals[said.error_code]
  if is_dead then
    bury(id, job[4] or '1', job[9], said.error_code or 'internal', said.error or '', job[10])
  end
  publish_result(id, is_dead and 'dead' or 'done', job[8] or '', fields)
  return job[2]
end

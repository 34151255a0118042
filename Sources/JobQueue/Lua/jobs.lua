-- Purpose: the record of a live job, `{ns}:job:ID`, and the producer's bytes, `{ns}:message:ID`. `_job` holds the facts
--   of the admission as JSON: number, kind, game_id, queue, run, digest, and if the message has them deadline (ms, as
--   text: JSON in Redis keeps 14 digits of a number), enqueued_at and traceparent. `_lease` holds the facts of the last
--   claim: attempts, node, taken_at, owns (whether the job made its node the owner), and while the job runs token and
--   worker. The record is public, and the producer's bytes are not, so the bytes have a key of their own.

local jobs = {}

-- The kinds with the start of a game.
local STARTS = { start = true, restart = true }

local function decoded(text)
  local is_json, value = pcall(cjson.decode, text)
  return is_json and type(value) == 'table' and value or nil
end

-- Returns a live job; nil if there is none. A record of a wrong type, written by hand, holds no job.
function jobs.read(c, id)
  local record = redis.pcall('HMGET', c.prefix .. 'job:' .. id, 'state', '_job', '_lease', '_dirty')
  local job = not record.err and record[2] and decoded(record[2])
  if not job then return nil end
  job.id, job.state, job.dirty = id, record[1], record[4]
  job.lease = record[3] and decoded(record[3]) or { attempts = 0 }
  return job
end

-- Writes the record of a new job.
function jobs.create(c, job, message)
  local facts = { number = job.number, kind = job.kind, game_id = job.game_id, queue = job.queue, run = job.run,
    digest = job.digest, deadline = job.deadline, enqueued_at = job.enqueued_at, traceparent = job.traceparent }
  job.state, job.lease = 'waiting', { attempts = 0 }
  call('HSET', c.prefix .. 'job:' .. job.id, 'state', job.state, '_job', cjson.encode(facts))
  call('SET', c.prefix .. 'message:' .. job.id, message)
end

-- Returns the producer's bytes of a live job.
function jobs.message(c, id)
  return call('GET', c.prefix .. 'message:' .. id) or ''
end

-- Watches the deadline of a waiting head. A sweep ends the head in time, even if no worker can claim the job. A head
-- with possible remains ends only after their removal.
function jobs.watch_deadline(c, job)
  if job.deadline and not job.dirty then call('ZADD', c.prefix .. 'deadlines', job.deadline, job.id) end
end

function jobs.unwatch_deadline(c, job)
  if job.deadline then call('ZREM', c.prefix .. 'deadlines', job.id) end
end

-- Returns whether the deadline of a job has passed.
function jobs.is_late(c, job)
  return job.deadline and tonumber(job.deadline) < c.now
end

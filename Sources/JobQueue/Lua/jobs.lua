-- Purpose: messages of a queue, and the record of a live job: `{ns}:job:ID`, and the producer's bytes,
-- `{ns}:message:ID`. `_job` holds the facts of the admission as JSON: number, kind, game_id, queue, run, digest, and if
-- the message has them deadline (ms, as text: JSON in Redis keeps 14 digits of a number), enqueued_at, traceparent, cpu
-- and memory (the limits of a start, in thousandths and bytes, as text), and has_limits (the limits include those of
-- the image).
-- `_lease` holds the facts of the last claim: attempts, node, taken_at, owns (whether the job made its node the owner),
-- and while the job runs token and worker. The record is public, and the producer's bytes are not, so the bytes have a
-- key of their own.

local messages = {}

-- Returns the SHA-1 of a message: of its bytes up to 1 MiB. Above, of its size in decimal, a line feed and its first
-- 64 KiB: the time of a call must not grow with the size. `JobDecoder.sha1` is the same.
function messages.sha1(message)
  if #message <= 1048576 then return redis.sha1hex(message) end
  return redis.sha1hex(string.format('%d\n', #message) .. string.sub(message, 1, 65536))
end

-- Returns the list with the oldest messages of a queue, and the oldest message; false if there is none. The messages of
--   the inbox have woken workers, and are older than the messages of the queue.
--   Keys: 1 {ns}:meta, 2 {ns}:inbox:NAME, 3 {ns}:queue:NAME.
function messages.oldest(keys)
  local message = call('LINDEX', keys[2], -1)
  if message then return keys[2], message end
  return keys[3], call('LINDEX', keys[3], -1)
end

local jobs = {}

-- The kinds with the start of a game.
local STARTS = { start = true, restart = true }

local function decoded(text)
  local is_json, value = pcall(cjson.decode, text)
  return is_json and type(value) == 'table' and value or nil
end

-- Returns the fields of a stream entry by name, and the size of the fields in bytes.
local function named(texts)
  local fields, bytes = {}, 0
  for index = 1, #texts, 2 do
    fields[texts[index]] = texts[index + 1]
    bytes = bytes + #texts[index] + #texts[index + 1]
  end
  return fields, bytes
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

-- Returns the text of `_job`.
local function facts_of(job)
  return cjson.encode({ number = job.number, kind = job.kind, game_id = job.game_id, queue = job.queue, run = job.run,
    digest = job.digest, deadline = job.deadline, enqueued_at = job.enqueued_at, traceparent = job.traceparent,
    cpu = job.cpu, memory = job.memory, has_limits = job.has_limits })
end

-- Writes the record of a new job.
function jobs.create(c, job, message)
  job.state, job.lease = 'waiting', { attempts = 0 }
  call('HSET', c.prefix .. 'job:' .. job.id, 'state', job.state, '_job', facts_of(job))
  call('SET', c.prefix .. 'message:' .. job.id, message)
end

-- Returns the CPU and the memory that a start needs: the limits in its message, else the defaults of the workers.
function jobs.demand(c, job)
  local settings = context.settings(c)
  return { cpu = tonumber(job.cpu or settings.cpu), memory = tonumber(job.memory or settings.memory) }
end

-- Writes what a start needs, once its image is known.
function jobs.set_demand(c, job, demand)
  job.cpu, job.memory, job.has_limits = context.digits(demand.cpu), context.digits(demand.memory), true
  call('HSET', c.prefix .. 'job:' .. job.id, '_job', facts_of(job))
end

-- Returns the producer's bytes of a live job.
function jobs.message(c, id)
  return call('GET', c.prefix .. 'message:' .. id) or ''
end

-- Watches the deadline of a waiting head. A sweep ends the head in time, even if no worker can claim the job. A head
-- with possible remains ends only after their removal. A key of a wrong type stops no job: a claim looks at the
-- deadline, too.
function jobs.watch_deadline(c, job)
  if job.deadline and not job.dirty then redis.pcall('ZADD', c.prefix .. 'deadlines', job.deadline, job.id) end
end

function jobs.unwatch_deadline(c, job)
  if job.deadline then redis.pcall('ZREM', c.prefix .. 'deadlines', job.id) end
end

-- Returns whether the deadline of a job has passed.
function jobs.is_late(c, job)
  return job.deadline and tonumber(job.deadline) < c.now
end

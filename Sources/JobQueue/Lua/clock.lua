-- Purpose: what every script begins with: the clock that all workers share, the fence, the settings.
-- Keys: 1 {ns}:meta, of which the names of the namespace's other keys are made.
-- Arguments: none of its own.
-- Answers: none of its own; the functions and locals below.
-- One step because: time and fence are read and moved forward together with what they decide.
local call = redis.call
local P = string.sub(KEYS[1], 1, -5)
local META = KEYS[1]
-- Few fields with many values each, since what a field costs is its name and its answer.
local kept = call('HMGET', META, 'state', 'settings')
-- The latest time seen, the last fencing and admission numbers, jobs in the window (`uncount`), when signs of life
-- came again after a silence, when this data began, when what is too old was last looked for, and 1 where messages wait
-- for the window.
local clock, fence, seq, live, resumed_at, born, swept_at, held =
  string.match(kept[1] or '0 0 0 0 0 0 0 0', '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d)$')
clock, fence, seq, live = tonumber(clock), tonumber(fence), tonumber(seq), tonumber(live)
resumed_at, born, swept_at = tonumber(resumed_at), tonumber(born), tonumber(swept_at)
local live_before = live
-- As texts too, since a number costs more to hand to a command.
local retention_ms_text, retention_entries_text, grace_ms, lease_ms, most_dead_bytes, signed_ms =
  string.match(kept[2] or '604800000 1000000 300000 10000 16777216 0', '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
grace_ms, lease_ms, most_dead_bytes = tonumber(grace_ms), tonumber(lease_ms), tonumber(most_dead_bytes)
signed_ms = tonumber(signed_ms)
local time = call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(now_us / 1000)

-- A clock that was set back is held at the latest time seen, for a minute at most; then the new time
-- is believed and the step is counted for an alarm.
if clock > now then
  if clock - now > 60000 then
    call('HINCRBY', META, 'clock_steps', 1)
  else
    now = clock
  end
end
-- When this data began: Redis was empty before, or has lost what it knew.
if born == 0 then born = now end

-- Looks whether signs of life have come without a silence, and is one. Workers make the key last (`keepAwake`); where it
-- has run out, Redis or every worker was away: leases that ran out meanwhile say nothing about their workers yet. A
-- living worker's lease has two thirds left whenever a silence begins, and needs the rest for its way back. The value is
-- another each time, so that all workers learn of a silence, whoever found it.
local function note_silence()
  local quiet_ms = math.max(1200, math.floor(0.4 * lease_ms))
  if call('SET', P .. 'awake', string.format('%d', now_us), 'PX', quiet_ms, 'NX') then resumed_at = now end
end
-- Says that a worker lives, and where its Engine answers that its node does. Answers whether Redis does not know what the
-- node owns.
local function say_alive(worker, alive_ms, node, engine_answers)
  call('ZADD', P .. 'workers', now + alive_ms, worker)
  if engine_answers then call('ZADD', P .. 'nodes', now, node) end
  if call('HEXISTS', P .. 'node:' .. node, 'told_at') == 1 then return false end
  call('SADD', P .. 'untold', node)
  return true
end

-- Keeps what the call has moved forward. Runs once, when all else is done.
local function write_state()
  -- A lane that somebody deleted may have been counted off twice.
  call('HSET', META, 'state', string.format('%d %d %d %d %d %d %d %s', now, fence, seq, math.max(0, live), resumed_at,
    born, swept_at, held))
end

-- The next fencing number. Made of time, so that it does not go back where a failover loses the last one.
local function next_fence()
  fence = math.max(fence + 1, now_us)
  return string.format('%d', fence)
end

-- RFC 3339 in UTC with milliseconds.
local function rfc3339(ms)
  local seconds = math.floor(ms / 1000)
  local days = math.floor(seconds / 86400)
  local rest = seconds - days * 86400
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
    math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60, ms - seconds * 1000)
end
local now_text
-- The time of this call, as text.
local function now_rfc3339()
  now_text = now_text or rfc3339(now)
  return now_text
end

-- Purpose: what every script begins with: the clock that all workers share, the fence, the settings.
-- Keys: 1 {ns}:meta, of which the names of the namespace's other keys are made.
-- Arguments: none of its own.
-- Answers: none of its own; the functions and locals below.
-- One step because: time and fence are read and moved forward together with what they decide.
local call = redis.call
local P = string.sub(KEYS[1], 1, -5)
local META = KEYS[1]
local settings = call('HMGET', META, 'clock', 'fence', 'seq', 'resumed_at', 'retention_ms',
  'retention_entries', 'born', 'grace_ms', 'lease_ms', 'live_starts', 'live_others')
local time = call('TIME')
local now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
local now = math.floor(now_us / 1000)
local clock = tonumber(settings[1] or 0)
local resumed_at = tonumber(settings[4] or 0)
-- As texts too, since a number costs more to hand to a command.
local retention_ms_text, retention_entries_text = settings[5] or '604800000', settings[6] or '1000000'
local retention_ms, retention_entries = tonumber(retention_ms_text), tonumber(retention_entries_text)
local born = tonumber(settings[7] or 0)
local grace_ms = tonumber(settings[8] or 300000)
-- The longest time between two calls that says nothing. Workers call every second or so.
local quiet_ms = math.max(1200, math.min(3000, tonumber(settings[9] or 10000) / 2))
-- The last admission number, and admitted jobs that have not ended.
local seq = tonumber(settings[3] or 0)
local live_starts, live_others = tonumber(settings[10] or 0), tonumber(settings[11] or 0)

-- Fields of {ns}:meta that the script changes, and their values in turn: written with one command at its end.
local meta = {}
local function note(field, value)
  meta[#meta + 1] = field
  meta[#meta + 1] = string.format('%.0f', value)
end

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
if born == 0 then
  born = now
  note('born', now)
end
-- A longer silence means that Redis, or every worker, was away: leases that ran out meanwhile say nothing about
-- their workers yet.
if clock > 0 and now - clock > quiet_ms then
  resumed_at = now
  note('resumed_at', now)
end
if now ~= clock then note('clock', now) end

-- The next fencing number. Made of time, so that it does not go back where a failover loses the last one.
local fence = tonumber(settings[2] or 0)
local function next_fence()
  fence = math.max(fence + 1, now_us)
  return string.format('%.0f', fence)
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

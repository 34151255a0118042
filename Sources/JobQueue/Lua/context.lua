-- Purpose: the begin and the end of every call: the namespace, the shared clock, the counters, and the settings.

local function call(...) return redis.call(...) end

local context = {}

-- Returns the time of the call in ms. After a step back, the clock stands still for at most 60 s. After a larger step
--   the new time counts, and an alarm counts the step.
local function read_clock(c, latest)
  local time = call('TIME')
  c.now_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local now = math.floor(c.now_us / 1000)
  if now < latest and latest - now <= 60000 then return latest end
  if now < latest then call('HINCRBY', c.meta, 'clock_steps', 1) end
  if now ~= latest then c.changes.clock = now end
  return now
end

-- Returns the names and arguments of a call, without the clock. The first key is {ns}:meta. The first argument holds
--   all arguments by name, as JSON.
function context.read(keys, args)
  return { keys = keys, args = cjson.decode(args[1]), meta = keys[1], prefix = string.sub(keys[1], 1, -5) }
end

-- Opens a call with changes. `close` ends it.
function context.open(keys, args)
  local c = context.read(keys, args)
  c.changes = {}
  -- The queues of the caller's next claim. Nobody needs to be woken for these.
  c.claims = {}
  for _, queue in ipairs(c.args.claims or {}) do c.claims[queue] = true end
  local kept = call('HMGET', c.meta, 'clock', 'created_at', 'resumed_at', 'window', 'admissions', 'fence', 'held',
    'settings')
  c.now = read_clock(c, tonumber(kept[1]) or 0)
  c.created_at, c.resumed_at = tonumber(kept[2]) or c.now, tonumber(kept[3]) or 0
  if not kept[2] then c.changes.created_at = c.now end
  c.window, c.admissions = tonumber(kept[4]) or 0, tonumber(kept[5]) or 0
  c.fence, c.held, c.settings_text = tonumber(kept[6]) or 0, kept[7] or '', kept[8]
  return c
end

-- Sets a field of {ns}:meta for the rest of the call. `close` stores the field.
function context.set(c, field, value)
  c[field], c.changes[field] = value, value
end

-- Closes a call with changes, also after a failure: the counters agree with the changes before it.
function context.close(c)
  local fields = {}
  for field, value in pairs(c.changes) do
    fields[#fields + 1] = field
    fields[#fields + 1] = type(value) == 'number' and string.format('%d', value) or value
  end
  if #fields > 0 then call('HSET', c.meta, unpack(fields)) end
end

-- Returns the settings of the namespace. `register` stores the settings for all calls.
function context.settings(c)
  if not c.settings then
    c.settings = c.settings_text and cjson.decode(c.settings_text) or { retention_ms = 604800000,
      retention_entries = 1000000, grace_ms = 300000, lease_ms = 10000, most_dead_bytes = 16777216, signed_ms = 0 }
  end
  return c.settings
end

-- Returns the date of a day number since 1970 (days_from_civil, inverted).
local function date_of(days)
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  return yoe + era * 400 + (month <= 2 and 1 or 0), month, doy - math.floor((153 * mp + 2) / 5) + 1
end

-- Returns the time of the call in RFC 3339, UTC, with milliseconds.
function context.now_text(c)
  if not c.text then
    local seconds = math.floor(c.now / 1000)
    local days = math.floor(seconds / 86400)
    local rest = seconds - days * 86400
    local year, month, day = date_of(days)
    c.text = string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
      math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60, c.now - seconds * 1000)
  end
  return c.text
end

-- Purpose: the begin and the end of every call: the namespace, the shared clock, the counters, and the settings; and
--   the registration of functions. LIBRARY is the name of the library.

local function call(...) return redis.call(...) end

-- The form of the data. With two forms of the same data, workers would count and order jobs past each other.
local FORM = '10'

local context = {}

-- Returns the time of the call in ms. After a step back, the clock stands still for at most 60 s. After a larger step
--   the new time counts, and an alarm counts the step.
local function shared_time(meta, now, latest)
  if now >= latest then return now end
  if latest - now <= 60000 then return latest end
  call('HINCRBY', meta, 'clock_steps', 1)
  return now
end

-- The clock may have been set ahead if it has moved on by this many ms since the latest call. The liveness key lasts as
-- long at least, so a larger step has expired the key.
local JUMP_MS = 1200

-- Returns the names and arguments of a call, without the clock. The first key is {ns}:meta. The first argument holds
--   all arguments by name, as JSON.
function context.read(keys, args)
  return { keys = keys, args = cjson.decode(args[1]), meta = keys[1], prefix = string.sub(keys[1], 1, -5) }
end

-- Returns the digits of a whole number; nil for nil. Redis and Lua themselves would write a fraction, which takes three
-- times as long.
function context.digits(number) return number and string.format('%d', number) end

-- Opens a call with changes. `close` ends it.
function context.open(keys, args)
  local arguments, meta, time = cjson.decode(args[1]), keys[1], call('TIME')
  local kept = call('HMGET', meta, 'clock', 'created_at', 'resumed_at', 'window', 'admissions', 'fence', 'held',
    'settings', 'oldest_at', 'lost', 'arrivals', 'form', 'swept_at')
  local now_us, latest = tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(kept[1]) or 0
  local now, changes, claims = shared_time(meta, math.floor(now_us / 1000), latest), {}, {}
  if now ~= latest then changes.clock = now end
  if not kept[2] then changes.created_at = now end
  -- The queues of the caller's next claim. Nobody needs to be woken for these.
  for _, queue in ipairs(arguments.claims or {}) do claims[queue] = true end
  -- One constructor with all fields: Lua builds a table anew each time it outgrows its size.
  return { keys = keys, args = arguments, meta = meta, prefix = string.sub(meta, 1, -5), claims = claims,
    now = now, now_us = now_us, changes = changes, created_at = tonumber(kept[2]) or now,
    resumed_at = tonumber(kept[3]) or 0, window = tonumber(kept[4]) or 0, admissions = tonumber(kept[5]) or 0,
    fence = tonumber(kept[6]) or 0, held = kept[7] or '', settings = kept[8],
    oldest_at = tonumber(kept[9]) or 0, lost = tonumber(kept[10]) or 0, arrivals = tonumber(kept[11] or kept[5]) or 0,
    form = kept[12], swept_at = tonumber(kept[13]) or 0,
    lost_nodes = {}, nodes = {}, placed = {}, held_of = {}, drained = {}, candidates = {},
    has_jumped = latest > 0 and now - latest >= JUMP_MS, text = false, has_made_ready = false }
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
    fields[#fields + 1] = type(value) == 'number' and context.digits(value) or value
  end
  if #fields > 0 then call('HSET', c.meta, unpack(fields)) end
end

-- The settings of the latest call, decoded, and their text.
local latest_settings, latest_text = nil, nil

-- Returns the settings of the namespace. `register` stores the settings for all calls.
function context.settings(c)
  if not c.settings then
    return { retention_ms = 604800000, retention_entries = 1000000, grace_ms = 300000, lease_ms = 10000,
      most_dead_bytes = 16777216, signed_ms = 0, packs = 0, cpu = 1000, memory = 536870912 }
  end
  if c.settings ~= latest_text then latest_settings, latest_text = cjson.decode(c.settings), c.settings end
  return latest_settings
end

-- Creates the liveness key, `{ns}:liveness`, if the key has expired: Redis or all workers were away, or the clock was
-- set ahead. Leases that expired meanwhile say nothing about their workers. The value changes each time, and all
-- workers notice the change.
function context.note_outage(c)
  local quiet_ms = math.max(JUMP_MS, math.floor(0.4 * context.settings(c).lease_ms))
  if call('SET', c.prefix .. 'liveness', context.digits(c.now_us), 'PX', quiet_ms, 'NX') then
    context.set(c, 'resumed_at', c.now)
  end
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

local function register(name, flags, body)
  redis.register_function({ function_name = LIBRARY .. '_' .. name, flags = flags, callback = body })
end

-- Returns the refusal of data with another form.
function context.other_form(c)
  return redis.error_reply('FORM the data of this namespace is kept in the form of another version: let its workers'
    .. ' end all jobs, stop them, and delete ' .. c.meta)
end

-- Returns the body of a call with changes. Data of another form stays as it is.
local function with_changes(body)
  return function(keys, args)
    local c = context.open(keys, args)
    if c.form and c.form ~= FORM then return context.other_form(c) end
    -- In this very call, because it stores the time: a later call may find the clock set back and the key alive.
    if c.has_jumped then context.note_outage(c) end
    local has_succeeded, reply = pcall(body, c)
    context.close(c)
    if has_succeeded then return reply end
    error(reply, 0)
  end
end

-- Defines a function with changes. It works with a full memory too; otherwise all leases would expire.
local function define(name, body) register(name, { 'allow-oom' }, with_changes(body)) end

-- Defines a function with changes. With a full memory, Redis refuses the function before any change.
local function define_refusable(name, body) register(name, {}, with_changes(body)) end

-- Defines a function without changes.
local function define_reader(name, body)
  register(name, { 'no-writes' }, function(keys, args) return body(context.read(keys, args)) end)
end

-- Purpose: registers the functions of the library in Redis. LIBRARY is the name of the library.

local function register(name, flags, body)
  redis.register_function({ function_name = LIBRARY .. '_' .. name, flags = flags, callback = body })
end

-- Returns the body of a call with changes.
local function with_changes(body)
  return function(keys, args)
    local c = context.open(keys, args)
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

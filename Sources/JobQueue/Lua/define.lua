-- Purpose: registers the functions of the library in Redis. LIBRARY is the name of the library.

local function register(open, name, flags, body)
  redis.register_function({ function_name = LIBRARY .. '_' .. name, flags = flags, callback = function(keys, args)
    return body(open(keys, args))
  end })
end

-- Defines a function with changes. It works with a full memory too; otherwise all leases would expire.
local function define(name, body) register(context.open, name, { 'allow-oom' }, body) end

-- Defines a function with changes. With a full memory, Redis refuses the function before any change.
local function define_refusable(name, body) register(context.open, name, {}, body) end

-- Purpose: how functions send commands, and the changes that a call keeps. Some keys have a member for each job or
--   game: the lanes, their owners, the ready lists, the leases. A call for 64 jobs keeps the changes of such a key, and
--   writes them with one command instead of 64. A command on a key with kept changes writes them first, so no function
--   sees an old state.

local writes = {}

-- The kept changes. Of a hash and of a sorted set, the new value of each member; false: the member goes.
local kept = {}

-- Limit of values of one command.
local MOST_VALUES = 1000

local function send(command, key, values)
  for first = 1, #values, MOST_VALUES do
    redis.call(command, key, unpack(values, first, math.min(first + MOST_VALUES - 1, #values)))
  end
end

-- Writes the changes of a key.
local function write(key, change)
  local is_sorted, added, removed = change.is_sorted, {}, {}
  for member, value in pairs(change.values) do
    if value == false then
      removed[#removed + 1] = member
    else
      -- A sorted set takes the score first.
      added[#added + 1] = is_sorted and value or member
      added[#added + 1] = is_sorted and member or value
    end
  end
  send(is_sorted and 'ZREM' or 'HDEL', key, removed)
  send(is_sorted and 'ZADD' or 'HSET', key, added)
end

-- Writes the kept changes of all sorted sets, or of all hashes. A failure at one key, for example of a wrong type, does
-- not keep the others back. Returns the first failure; nil if there is none.
local function write_all(is_sorted)
  local problem
  for key, change in pairs(kept) do
    if change.is_sorted == is_sorted then
      kept[key] = nil
      local has_succeeded, failure = pcall(write, key, change)
      if not has_succeeded then problem = problem or failure end
    end
  end
  return problem
end

-- Writes all kept changes. After a failure at a sorted set, the hashes stay as they are: a lane must not say that it is
-- on a list if it is not. Returns the failure; nil if there is none.
function writes.flush()
  local problem = write_all(true)
  if problem then kept = {} end
  return problem or write_all(false)
end

-- Forgets all kept changes. Each call begins with it.
function writes.reset() kept = {} end

local function keep(key, is_sorted, member, value)
  local change = kept[key]
  if not change then
    change = { is_sorted = is_sorted, values = {} }
    kept[key] = change
  end
  change.values[member] = value
end

-- Keeps the change of a field of a hash.
function writes.set(key, field, value) keep(key, false, field, value) end

-- Keeps the removal of a field of a hash.
function writes.unset(key, field) keep(key, false, field, false) end

-- Keeps the change of a member of a sorted set.
function writes.add(key, score, member) keep(key, true, member, score) end

-- Keeps the removal of a member of a sorted set.
function writes.remove(key, member) keep(key, true, member, false) end

local function flush_or_fail()
  local problem = writes.flush()
  if problem then error(problem, 0) end
end

-- Sends a command. Fails if Redis answers with an error. `EXISTS` may name several keys with kept changes.
local function call(command, key, ...)
  if kept[key] or command == 'EXISTS' then flush_or_fail() end
  return redis.call(command, key, ...)
end

-- Sends a command. Returns an error of Redis as a table with the field `err`.
local function attempt(command, key, ...)
  if kept[key] then flush_or_fail() end
  return redis.pcall(command, key, ...)
end

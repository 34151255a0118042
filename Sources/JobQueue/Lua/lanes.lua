-- Purpose: the one piece that makes lanes ready, and the doorbells that tell workers of it.
-- Keys: those of clock.lua.
-- Arguments: none of its own.
-- Answers: none of its own; settle, unready, ring_node and ring_any.
-- One step because: a lane is ready, active or delayed exactly as its head is, at every moment.

-- Jobs with a lower number than this, of the kinds that start, were made pointless by a stop or remove.
local function superseded_below(game)
  return tonumber(redis.call('HGET', P .. 'superseded', game) or 0)
end

local function starts(kind)
  return kind == 'start' or kind == 'restart'
end

-- Wakes one worker of `set` that is alive. Few are tried: workers also look by themselves every second.
local function ring(set)
  for _ = 1, 4 do
    local worker = redis.call('SPOP', set)
    if not worker then return end
    local alive_until = redis.call('ZSCORE', P .. 'workers', worker)
    if alive_until and tonumber(alive_until) > now then
      local bell = P .. 'bell:' .. worker
      if redis.call('LLEN', bell) < 4 then
        redis.call('RPUSH', bell, 'ready')
        redis.call('PEXPIRE', bell, 60000)
      end
      return
    end
  end
end

local function ring_node(node)
  ring(P .. 'idle:' .. node)
end

local function ring_any()
  ring(P .. 'idle')
end

-- Takes a lane off the list on which it is ready, if it is on one.
local function unready(game)
  local state = redis.call('HGET', P .. 'lanes', game)
  if state and string.sub(state, 1, 2) == 'r:' then
    redis.call('ZREM', P .. string.sub(state, 3), game)
  end
end

-- Makes the lane of `game` ready for its head, or forgets the lane where it is empty. The lane must be on
-- no ready list. `here` is the calling worker's node: it claims right after, so nobody needs to be rung.
local function settle(game, here)
  local head = redis.call('LINDEX', P .. 'lane:' .. game, 0)
  if not head then
    redis.call('HDEL', P .. 'lanes', game)
    redis.call('HDEL', P .. 'superseded', game)
    return
  end
  local job = redis.call('HMGET', P .. 'job:' .. head, 'kind', '_queue', '_seq', '_dirty')
  local kind, queue, seq = job[1] or 'stop', job[2] or 'default', tonumber(job[3] or 0)
  local class, owner = 'stop', nil
  local pointless = starts(kind) and seq < superseded_below(game)
  if starts(kind) and not pointless then class = 'start' end
  -- A pointless start is ended by anyone, but where its node has to look what it may have left behind.
  if not pointless or job[4] then owner = redis.call('HGET', P .. 'owner', game) end
  local list = 'ready:' .. class .. ':' .. queue
  if owner then list = list .. ':' .. owner end
  redis.call('ZADD', P .. list, seq, game)
  redis.call('HSET', P .. 'lanes', game, 'r:' .. list)
  if owner and owner ~= here then ring_node(owner) end
end

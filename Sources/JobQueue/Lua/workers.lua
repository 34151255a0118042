-- Purpose: how a function wakes an idle worker.
-- A worker with a free permit for a class is in the set `{ns}:idle:CLASS:QUEUE` of each of its queues. A worker with a
-- free permit for starts on a full node is in `{ns}:idle:full:QUEUE` instead: it can take only starts of its own games.

local workers = {}

-- Wakes a living worker by its doorbell. Returns whether the worker lives.
function workers.ring(c, worker, word)
  local alive_until = tonumber(call('ZSCORE', c.prefix .. 'workers', worker) or 0)
  if alive_until <= c.now and word ~= 'cancel' then return false end
  local bell = c.prefix .. 'doorbell:' .. worker
  -- A few unread words are enough, except for the cancellation of a job.
  if word == 'cancel' or call('LLEN', bell) < 4 then
    call('RPUSH', bell, word)
    call('PEXPIRE', bell, 60000)
  end
  return true
end

-- Takes a worker of a node out of an idle set. Returns the worker, or nil.
local function pop_of_node(c, set, node)
  local worker = call('SINTER', c.prefix .. 'workers:' .. node, set)[1]
  if worker then call('SREM', set, worker) end
  return worker
end

-- Takes a worker for a ready list out of an idle set. Returns the worker; nil or false if there is none.
local function pop_idle(c, class, queue, owner)
  local set = c.prefix .. 'idle:' .. class .. ':' .. queue
  if not owner then return call('SPOP', set) end
  return pop_of_node(c, set, owner)
    or class == 'start' and pop_of_node(c, c.prefix .. 'idle:full:' .. queue, owner)
end

-- Wakes one idle worker for a ready list. Only a few are tried, because workers also look by themselves.
function workers.wake(c, class, queue, owner)
  for _ = 1, 4 do
    local worker = pop_idle(c, class, queue, owner)
    if not worker or workers.ring(c, worker, 'ready') then return end
  end
end

-- Wakes workers of a queue.
function workers.wake_queue(c, queue)
  workers.wake(c, 'stop', queue)
  workers.wake(c, 'start', queue)
end

-- Notes that messages of a queue wait for the window.
function workers.hold(c, queue)
  if not string.find(' ' .. c.held .. ' ', ' ' .. queue .. ' ', 1, true) then
    context.set(c, 'held', c.held == '' and queue or c.held .. ' ' .. queue)
  end
end

-- Wakes workers of the queues with messages waiting for the window.
function workers.wake_held(c)
  if c.held == '' then return end
  for queue in string.gmatch(c.held, '%S+') do workers.wake_queue(c, queue) end
  context.set(c, 'held', '')
end

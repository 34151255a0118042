-- Purpose: the lanes. A lane holds the live jobs of a game in order; only its head can run. `{ns}:lanes` has the state:
-- `ready HEAD LIST`, `active HEAD TOKEN` or `delayed HEAD`. `{ns}:lane:GAME` lists the jobs behind the head.

local lanes = {}

-- Limit of jobs of one game in the window. So no game fills the window for all others.
lanes.MOST_COUNTED = 100

-- Returns the lane of a game; nil if the game has no live job.
function lanes.read(c, game)
  local text = call('HGET', c.prefix .. 'lanes', game)
  if not text then return nil end
  local state, head, detail = string.match(text, '^(%a+) (%S+) ?(.*)$')
  return { state = state, head = head, detail = detail }
end

function lanes.write(c, game, state, head, detail)
  call('HSET', c.prefix .. 'lanes', game, state .. ' ' .. head .. (detail and ' ' .. detail or ''))
end

-- Returns the owner of the game; false if there is none.
function lanes.owner(c, game)
  return call('HGET', c.prefix .. 'owners', game)
end

-- Returns whether a later stop or remove, or too many deaths of workers, made a start obsolete.
function lanes.is_obsolete(c, job)
  if not STARTS[job.kind] then return false end
  return job.dirty == '2' or job.number < tonumber(call('HGET', c.prefix .. 'superseded', job.game_id) or 0)
end

-- Returns whether an operator's list, a set of queues or nodes, has a member. A key of a wrong type has none,
-- and stops nobody.
function lanes.is_listed(c, list, member)
  return redis.pcall('SISMEMBER', c.prefix .. list, member) == 1
end

-- Puts the lane of a head on the ready list of its class, queue and owner. The lane must be on no list. Wakes a worker
-- unless the caller claims the job next.
function lanes.make_ready(c, job)
  local is_obsolete = lanes.is_obsolete(c, job)
  local list = (STARTS[job.kind] and not is_obsolete and 'start:' or 'stop:') .. job.queue
  -- Any node can end an obsolete start. But only the owner can remove the remains of an attempt.
  local owner = (not is_obsolete or job.dirty) and lanes.owner(c, job.game_id)
  if owner then list = list .. ':' .. owner end
  jobs.watch_deadline(c, job)
  call('ZADD', c.prefix .. 'ready:' .. list, job.number, job.game_id)
  lanes.write(c, job.game_id, 'ready', job.id, 'ready:' .. list)
  if c.claims[job.queue] and (owner or c.args.node) == c.args.node then
    c.has_made_ready = true
  else
    workers.wake(c, list)
  end
end

-- Takes a waiting lane off its list.
function lanes.take_off(c, game, lane)
  if lane.state == 'ready' then call('ZREM', c.prefix .. lane.detail, game) end
  if lane.state == 'delayed' then call('ZREM', c.prefix .. 'delayed', lane.head) end
end

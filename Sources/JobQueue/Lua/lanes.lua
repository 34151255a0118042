-- Purpose: the lanes. A lane holds the live jobs of a game in order; only its head can run. `{ns}:lanes` has the facts
-- of each lane as JSON: state, head, list (if ready), token (if active), superseded, outside, and passed_at (when a
-- worker first left the start at the head to a better node; if these apply).
-- `{ns}:lane:GAME` lists the jobs behind the head.

local lanes = {}

-- Limit of jobs of one game in the window. So no game fills the window for all others.
lanes.MOST_COUNTED = 100

-- Returns the lane of a game from the text in Redis. A game without live jobs has a lane without a state.
function lanes.parse(game, text)
  local lane = text and decoded(text) or {}
  lane.game = game
  return lane
end

function lanes.read(c, game)
  return lanes.parse(game, call('HGET', c.prefix .. 'lanes', game))
end

-- Returns the name of a ready list, behind the prefix: of the owner's node, or of all nodes.
function lanes.list(class, queue, owner)
  return 'ready:' .. class .. ':' .. queue .. (owner and ':' .. owner or '')
end

-- Stores the facts of a lane.
function lanes.store(c, lane)
  call('HSET', c.prefix .. 'lanes', lane.game, cjson.encode({ state = lane.state, head = lane.head, list = lane.list,
    token = lane.token, superseded = lane.superseded, outside = lane.outside, passed_at = lane.passed_at }))
end

function lanes.make_active(c, lane, job)
  lane.state, lane.head, lane.list, lane.token, lane.passed_at = 'active', job.id, nil, job.lease.token, nil
  lanes.store(c, lane)
end

-- Delays the head until a time in ms.
function lanes.delay(c, lane, job, due)
  call('ZADD', c.prefix .. 'delayed', due, job.id)
  lane.state, lane.head, lane.list, lane.token = 'delayed', job.id, nil, nil
  lanes.store(c, lane)
end

-- Returns the owner of the game; false if there is none.
function lanes.owner(c, lane)
  if lane.owner == nil then lane.owner = call('HGET', c.prefix .. 'owners', lane.game) end
  return lane.owner
end

function lanes.set_owner(c, lane, node)
  call('HSET', c.prefix .. 'owners', lane.game, node)
  lane.owner = node
end

function lanes.clear_owner(c, lane)
  call('HDEL', c.prefix .. 'owners', lane.game)
  redis.pcall('HDEL', c.prefix .. 'fences', lane.game)
  lane.owner = false
end

-- Returns the fence of a game: the number of the claim that made the container of the owner; 0 if unknown. The label
-- `com.galaxy.fence` of a container has the same number. So of two containers of a game, the higher fence is newer.
function lanes.fence(c, game)
  local fence = redis.pcall('HGET', c.prefix .. 'fences', game)
  return type(fence) == 'string' and tonumber(fence) or 0
end

-- Raises the fence of a game. A lower number changes nothing. A key of a wrong type stops no job.
function lanes.raise_fence(c, game, fence)
  if fence > lanes.fence(c, game) then redis.pcall('HSET', c.prefix .. 'fences', game, context.digits(fence)) end
end

-- Returns whether a later stop or remove, or too many deaths of workers, made a start obsolete.
function lanes.is_obsolete(lane, job)
  return STARTS[job.kind] and (job.dirty == '2' or job.number < (lane.superseded or 0))
end

-- Returns whether an operator's list, a set of queues or nodes, has a member. A key of a wrong type has none,
-- and stops nobody.
function lanes.is_listed(c, list, member)
  return redis.pcall('SISMEMBER', c.prefix .. list, member) == 1
end

-- Returns the place of a head in a ready list. Stops and removes stand in the order of their admission. A start joins
-- the end, so a node that has looked at a start need not look there again (unfit.lua).
local function place_of(c, class, job)
  if class == 'stop' then return job.number end
  context.set(c, 'arrivals', c.arrivals + 1)
  return c.arrivals
end

-- Puts the lane of a head on the ready list of its class, queue and owner. The lane must be on no list. Wakes a worker
-- unless the caller claims the job next.
function lanes.make_ready(c, lane, job)
  local is_obsolete = lanes.is_obsolete(lane, job)
  local class = STARTS[job.kind] and not is_obsolete and 'start' or 'stop'
  -- Any node can end an obsolete start. But only the owner can remove the remains of an attempt.
  local owner = (not is_obsolete or job.dirty) and lanes.owner(c, lane)
  -- Any node ends the stops of a lost node, and takes over its games.
  if loss.is_lost(c, owner) then owner = false end
  jobs.watch_deadline(c, job)
  lane.state, lane.head, lane.token, lane.passed_at = 'ready', job.id, nil, nil
  lane.list = lanes.list(class, job.queue, owner)
  call('ZADD', c.prefix .. lane.list, context.digits(place_of(c, class, job)), lane.game)
  lanes.store(c, lane)
  if c.claims[job.queue] and (owner or c.args.node) == c.args.node then
    c.has_made_ready = true
  else
    workers.wake(c, class, job.queue, owner, job)
  end
end

-- Takes a waiting lane off its list.
function lanes.take_off(c, lane)
  if lane.state == 'ready' then call('ZREM', c.prefix .. lane.list, lane.game) end
  if lane.state == 'delayed' then call('ZREM', c.prefix .. 'delayed', lane.head) end
end

-- The ending of a start before its begin, because of a later stop.
lanes.SUPERSEDED = { outcome = 'superseded', effect = 'none',
  error = 'a later stop or remove of the game made it pointless' }

-- The ending of a job after its deadline and before its begin.
lanes.EXPIRED = { outcome = 'expired', effect = 'none', error = 'its deadline had passed before it was begun' }

-- The ending of a stop or remove of a lost node.
lanes.NODE_LOST = { outcome = 'failed', effect = 'none', error_code = 'node_lost',
  error = 'the node of the game is lost; when it returns, it stops the game before it takes a job' }

-- The ending of a start with too many dead workers, whose remains are on a lost node.
lanes.POISONED = { outcome = 'failed', effect = 'none', error_code = 'poisoned',
  error = 'its workers died too often while it ran; when its node returns, the node stops the game' }

-- Forgets a job with a lost record, deleted by hand or by eviction. Nobody knows the request, so the job has no result.
function lanes.forget_lost(c, id)
  call('HINCRBY', c.meta, 'lost_records', 1)
  call('DEL', c.prefix .. 'message:' .. id)
end

-- Returns whether the reservation of the game is a job's: the job runs, or an attempt of it may have left a container.
-- Then the end of an older container does not end the reservation.
function lanes.is_busy(c, game)
  local lane = lanes.read(c, game)
  if lane.state == 'active' then return true end
  local head = lane.head and jobs.read(c, lane.head)
  return head and head.dirty and STARTS[head.kind] or false
end

-- Takes the head out of the window, if the head counts: not outside, and with few jobs behind it in its lane.
local function uncount(c, lane, behind)
  if lane.outside or behind >= lanes.MOST_COUNTED then return end
  context.set(c, 'window', c.window - 1)
  workers.wake_held(c)
end

-- Makes the next job of a lane its head. After a failure at a key of a wrong type the job is in its list again, for a
-- repeated call.
local function begin_next(c, lane, job, list)
  local has_succeeded, problem = pcall(lanes.make_ready, c, lane, job)
  if has_succeeded then return end
  if lanes.read(c, lane.game).head ~= job.id then call('LPUSH', list, job.id) end
  error(problem, 0)
end

-- Makes the lane go on after the end of its head: with the next recorded job, or the lane is forgotten.
function lanes.advance(c, lane)
  local list = c.prefix .. 'lane:' .. lane.game
  local behind = call('LLEN', list)
  while behind > 0 do
    local id = call('LPOP', list)
    local job = jobs.read(c, id)
    if job then begin_next(c, lane, job, list) end
    uncount(c, lane, behind)
    if job then return end
    lanes.forget_lost(c, id)
    behind = behind - 1
  end
  call('HDEL', c.prefix .. 'lanes', lane.game)
  uncount(c, lane, 0)
end

-- Makes a lane ready for its present head, or for the next one if the record of the head is gone.
function lanes.settle(c, lane)
  local job = jobs.read(c, lane.head)
  if job then return lanes.make_ready(c, lane, job) end
  lanes.forget_lost(c, lane.head)
  lanes.advance(c, lane)
end

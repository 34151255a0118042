-- Purpose: `claim` leases the heads of ready lanes to a worker, and ends expired and obsolete heads.
-- Arguments: worker, node, nonce, lease_ms, and:
--   starts, stops   free permits
--   permits         the starts that the worker runs at a time
--   claims          the queues, in order of priority
-- Returns: 1 if stops or removes wait for a permit, plus 2 if starts do, plus 4 if starts were left to other nodes (the
--   worker looks again soon), plus 8 if there are more starts to look at (the worker claims again at once); the time of
--   the claim; then an array for each job: id, token, attempt, queue, message, message of the game's last start (for a
--   restart, else empty), run, undo, digest, game, reservation of a start ("CPU MEMORY CONTAINER PORT", else empty),
--   kind, enqueued_at and traceparent (else empty), owns. undo is 1 for an obsolete job, 2 for a job with too many dead
--   workers, else 0. owns is 1 if the job made the node the owner of the game.
-- Atomic because: a head without a ready list and without a lease would be lost with the worker.

-- Returns the next fencing number. The numbers contain the time. So a failover with lost writes repeats no number.
local function next_fence(c)
  context.set(c, 'fence', math.max(c.fence, c.now_us) + 1)
  return c.fence
end

-- Limit of heads of a class to end in one call.
local MOST_ENDED = 64

-- Limit of starts of a list to look at in one call.
local MOST_SEEN = 128

-- Returns whether some node may have the container of a game without a known owner. A stop would find nothing, and
--   would stop nothing. So these stops wait for the announcements of all nodes.
local function owners_unknown(c, claim)
  -- Workers notice a loss of data within 2.5 s, and then announce their games.
  if c.now < c.created_at + 4000 then return true end
  if claim.unreported == nil then
    claim.unreported = call('ZCOUNT', c.prefix .. 'unreported', c.now - context.settings(c).grace_ms, '+inf')
  end
  return claim.unreported > 0
end

-- Notes a start that is left to other nodes.
local function pass(c, claim, lane, job, is_for_better)
  local passed = claim.passed[job.queue] or {}
  claim.passed[job.queue] = passed
  if #passed < parking.MOST_PASSED then passed[#passed + 1] = job end
  if is_for_better then
    passed[math.min(#passed, parking.MOST_PASSED)], claim.is_passed = job, true
    if not lane.passed_at then
      lane.passed_at = c.now
      lanes.store(c, lane)
    end
  end
end

-- Returns whether the node takes a start: it has capacity, and no idle node is a better place.
local function takes(c, claim, list, lane, job)
  if claim.is_draining then return false end
  local needs = reservations.needs(c, c.args.node, job)
  local fits = reservations.fits(c, c.args.node, job.game_id, needs)
  if not fits then unfit.add(c, c.args.node, list.unfit, job.game_id, needs) end
  if list.owner then return fits end
  if fits and list.is_crowded == nil then list.is_crowded = placement.is_crowded(c, job.queue, list.key) end
  -- The other nodes take the starts behind this one, too.
  list.is_passed = fits and not list.is_crowded and placement.may_pass(c, lane)
    and placement.is_better_elsewhere(c, job)
  if fits and not list.is_passed then return true end
  pass(c, claim, lane, job, list.is_passed)
  return false
end

-- Returns the ending of a head that must not run; nil for all others. An obsolete head with possible remains runs once
-- more, for the removal of the remains. On a lost node the remains have to wait for the return of the node.
local function ending_of(c, lane, job)
  job.is_obsolete = lanes.is_obsolete(lane, job)
  local is_lost = c.lost > 0 and loss.is_lost(c, lanes.owner(c, lane))
  if job.dirty and not is_lost then return nil end
  if job.dirty == '2' then return lanes.POISONED end
  if job.is_obsolete then return lanes.SUPERSEDED end
  if jobs.is_late(c, job) and not job.dirty then return lanes.EXPIRED end
  if is_lost and not STARTS[job.kind] then return lanes.NODE_LOST end
end

-- Ends a head. If no result can be published now, the head is tried again in a second.
local function finish_head(c, lane, job, ending)
  if not retention.can_publish(c) then return lanes.delay(c, lane, job, c.now + 1000) end
  if ending == lanes.NODE_LOST or job.dirty then loss.disown(c, lanes.owner(c, lane), lane.game) end
  results.finish(c, job, ending)
  c.placed[lane.game] = nil
  lanes.advance(c, lane)
end

-- Returns the producer's bytes of a job.
local function message_of(c, job)
  local placed = c.placed[job.game_id]
  return placed and placed.job == job and placed.message or jobs.message(c, job.id)
end

-- Leases a head to the worker. Returns the row of the reply.
local function lease(c, lane, job)
  local a, game, reserved = c.args, lane.game, ''
  local is_start = STARTS[job.kind] and not job.is_obsolete
  -- The removal of remains needs no capacity.
  local held = is_start and reservations.hold(c, a.node, game, reservations.needs(c, a.node, job))
  if is_start then reserved = reservations.held(c, a.node, game).text end
  job.lease = { token = string.format('%d-%s', next_fence(c), a.nonce), worker = a.worker, node = a.node,
    taken_at = context.now_text(c), attempts = job.lease.attempts + 1,
    owns = job.lease.owns or STARTS[job.kind] and lane.owner ~= a.node or false,
    held = is_start and (held and held.text or '') or nil }
  leases.write(c, job, 'running')
  jobs.unwatch_deadline(c, job)
  call('ZADD', c.prefix .. 'leases', context.digits(c.now + a.lease_ms), job.id)
  lanes.make_active(c, lane, job)
  if STARTS[job.kind] then
    if lane.owner and lane.owner ~= a.node then loss.disown(c, lane.owner, game) end
    -- From now on, an older container elsewhere must not take the game.
    if lane.owner ~= a.node then lanes.raise_fence(c, game, c.fence) end
    lanes.set_owner(c, lane, a.node)
  end
  return { job.id, job.lease.token, job.lease.attempts, job.queue, message_of(c, job),
    job.kind == 'restart' and call('GET', c.prefix .. 'spec:' .. game) or '', job.run,
    job.is_obsolete and (job.dirty == '2' and 2 or 1) or 0, job.digest, game, reserved, job.kind or '',
    job.enqueued_at or '', job.traceparent or '', job.lease.owns and 1 or 0 }
end

-- Returns whether a game on a list of all nodes belongs to another node. Its node was lost when the lane was put there,
-- and has returned.
local function is_of_another(c, lane)
  local owner = lanes.owner(c, lane)
  return owner and owner ~= c.args.node and not loss.is_lost(c, owner)
end

-- Leases the head of a lane that is off its list, ends the head, or puts the lane on the right list.
local function begin_head(c, claim, class, lane, job, ending)
  if not job then
    claim.ended = claim.ended + 1
    if lane.state == 'ready' then lanes.settle(c, lane) end
  elseif ending then
    claim.most_ended[class] = claim.most_ended[class] - 1
    claim.ended = claim.ended + 1
    finish_head(c, lane, job, ending)
  elseif is_of_another(c, lane) then
    claim.most_ended[class] = claim.most_ended[class] - 1
    lanes.make_ready(c, lane, job)
  else
    claim.wanted[class] = claim.wanted[class] - 1
    claim.rows[#claim.rows + 1] = lease(c, lane, job)
  end
end

-- Returns the lane of a game and the job at its head; no job if the lane is not ready, or if the record is gone. A job
-- that the same call has placed as the only one of its lane is not read again: this saves a seventh of Redis' time for
-- a job.
local function head_of(c, game)
  local placed = c.placed[game]
  local lane = placed and placed.lane or lanes.read(c, game)
  if lane.state ~= 'ready' then return lane end
  return lane, placed and placed.job.id == lane.head and placed.job or jobs.read(c, lane.head)
end

-- Takes a lane off its ready list, for `begin_head`. Returns false, and changes nothing, if the node does not take the
-- head.
local function begin(c, claim, class, list, game)
  local lane, job = head_of(c, game)
  -- The list of a node names the owner.
  if list.owner then lane.owner = list.owner end
  local ending = job and ending_of(c, lane, job)
  if job and not ending and class == 'start' and not takes(c, claim, list, lane, job) then return false end
  call('ZREM', list.key, game)
  begin_head(c, claim, class, lane, job, ending)
  return true
end

-- Looks at lanes of a list behind a place, the oldest first. Each lane has one turn. So a lane with many obsolete
-- starts does not hold up the lanes behind it. Returns the place of the last lane with a turn, and the number of turns;
-- false instead of the number if the claim needs no more lanes of this list.
local function look(c, claim, class, list, place, most)
  local rows = call('ZRANGE', list.key, '(' .. place, '+inf', 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
  for index = 1, #rows, 2 do
    if claim.wanted[class] <= 0 or claim.most_ended[class] <= 0 then return place, false end
    begin(c, claim, class, list, rows[index])
    if list.is_passed then return place, false end
    place = rows[index + 1]
  end
  return place, #rows / 2
end

-- Claims from one ready list, a few lanes at a time. The node begins behind the starts that do not fit. A full node
-- looks at a few starts: one of them may hold a reservation, or may only end.
local function drain(c, claim, class, queue, owner)
  local name, node = lanes.list(class, queue, owner), c.args.node
  local list = { key = c.prefix .. name, owner = owner, unfit = {} }
  local place, seen, most, turns, ended = class == 'start' and unfit.place(c, node, name) or 0, 0, 0, 0, 0
  repeat
    most, ended = math.min(64, claim.wanted[class] + 8), claim.ended
    -- A lane of a stop leaves the list in its turn, and its next job may stand further ahead.
    place, turns = look(c, claim, class, list, class == 'start' and place or 0, most)
    seen = seen + (turns or 0)
    local looks_on = class == 'stop' or seen < MOST_SEEN and reservations.has_capacity(c, node)
    -- A head that ended may have made way for a job on the same list.
  until not turns or claim.ended == ended and (turns < most or not looks_on)
  if class == 'start' and not claim.is_draining then
    local is_open = turns == most and reservations.has_capacity(c, node)
    claim.has_more = unfit.note(c, node, name, place, list.unfit, is_open) or is_open or claim.has_more
  end
end

-- Claims stops before starts, queues in their order, and lists of the node before lists of all nodes.
local function drain_all(c, claim)
  for _, class in ipairs({ 'stop', 'start' }) do
    for _, queue in ipairs(claim.queues) do
      drain(c, claim, class, queue, c.args.node)
      if class == 'start' or not owners_unknown(c, claim) then drain(c, claim, class, queue) end
    end
  end
end

-- Ends the claim: parks the worker, and passes on what it does not take. Returns 1 if stops or removes wait for a
-- permit, plus 2 if starts do.
local function rest(c, claim)
  local waiting = { stop = false, start = false }
  local has_place = not claim.is_draining and reservations.has_capacity(c, c.args.node)
  for _, queue in ipairs(claim.queues) do
    for _, class in ipairs({ 'stop', 'start' }) do
      local is_idle = claim.wanted[class] > 0 and claim.most_ended[class] > 0
      local takes_all = is_idle and (class == 'stop' or has_place)
      parking.park(c, class, queue, takes_all)
      -- A full node still waits for starts of its own games: a game with a reservation needs no more capacity.
      if class == 'start' then
        parking.park(c, 'full', queue, is_idle and not has_place)
        call('ZREM', c.prefix .. 'woken:' .. queue, c.args.worker)
        parking.pass_starts(c, claim, queue)
        if not is_idle and has_place then parking.pass_to_node(c, queue) end
      end
      local own_wait = not is_idle and parking.pass_on(c, class, queue, c.args.node)
      local others_wait = not takes_all and parking.pass_on(c, class, queue)
      waiting[class] = waiting[class] or own_wait or others_wait
    end
  end
  return (waiting.stop and 1 or 0) + (waiting.start and has_place and 2 or 0) + (claim.is_passed and 4 or 0)
    + (claim.has_more and has_place and 8 or 0)
end

local function claim(c)
  local a = c.args
  c.claimer = a.worker
  -- A node that has returned stops its disowned games first.
  if loss.is_lost(c, a.node) or call('EXISTS', c.prefix .. 'disowned:' .. a.node) == 1 then
    return parking.decline(c)
  end
  local state = { wanted = { start = a.starts, stop = a.stops }, rows = {}, queues = {}, ended = 0,
    passed = {}, is_passed = false, has_more = false,
    most_ended = { start = MOST_ENDED, stop = MOST_ENDED }, is_draining = lanes.is_listed(c, 'draining', a.node) }
  for _, queue in ipairs(a.claims) do
    if not lanes.is_listed(c, 'paused', queue) then state.queues[#state.queues + 1] = queue end
  end
  -- A head that ended may have made way for a job on a list that was drained before.
  local ended
  repeat
    ended = state.ended
    drain_all(c, state)
  until state.ended == ended
  if ended > 0 and retention.can_publish(c) then retention.trim(c, 2 * MOST_ENDED) end
  return { rest(c, state), context.now_text(c), state.rows }
end
define('claim', claim)

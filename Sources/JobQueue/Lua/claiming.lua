-- Purpose: the one piece that leases the heads of ready lanes, and parks the calling worker or not.
-- Keys: those of clock.lua.
-- Arguments: none of its own; claim.lua and admit.lua hand theirs on.
-- Answers: none of its own; look and claim.
-- One step because: a head that is taken off its ready list must be under lease, or it would be lost
--   with the worker.
local CLASSES = { 'stop', 'start' }
-- One table, since each variable that a function shares with others is made anew with each call.
-- worker, node, nonce, lease_until; wanted: how many starts and how many stops and removes; slots: games that the node
-- may run (0: no bound), running: those that it runs; draining: an operator wants it to begin no start, so that for
-- starts it is as if it had no room; queues in order of priority.
-- Of jobs that end here without being run, a flood after all, a call ends 64 at most of each class (endings_left): else
-- thousands of superseded starts, which any worker may end as if they were stops, would keep all other starts waiting.
local claimer = { endings_left = { stop = 64, start = 64 }, class = 'stop', has_ended = false }

-- Notes who asks. The queues are the arguments from `first` to `last`.
local function look(worker, node, first, last)
  claimer.worker, claimer.node, claimer.running = worker, node, P .. 'running:' .. node
  local queues = {}
  -- One command for all that makes a call look closer: a paused queue, a drained node, nodes that have still to tell what
  -- they own, and a lane that waits for this worker.
  local names = { P .. 'paused', P .. 'draining', P .. 'untold' }
  for index = first, last do
    queues[#queues + 1] = ARGV[index]
    for _, class in ipairs(CLASSES) do
      local list = P .. 'ready:' .. class .. ':' .. ARGV[index]
      names[#names + 1] = list
      names[#names + 1] = list .. ':' .. node
    end
  end
  claimer.queues = queues
  -- With nothing on the lists, what this call makes ready need not be put there before it is taken again.
  claimer.calm = call('EXISTS', unpack(names)) == 0
  held_ready = claimer.calm
  return claimer.calm
end

local function node_has_room(game)
  local slots = claimer.slots
  if claimer.draining then return false end
  if slots == 0 then return true end
  return call('SCARD', claimer.running) < slots or game and call('SISMEMBER', claimer.running, game) == 1
end

-- Whether some node may have the container of a game that nobody is known to own: it lives and has not told, or Redis
-- knows too little yet for that to be said. A stop would find nothing and end without having stopped anything.
local function owners_unknown()
  -- Every worker learns within 2.5 s that data was lost, and then lists its containers.
  if now < born + 4000 then return true end
  if claimer.calm then return false end
  for _, untold in ipairs(call('SRANDMEMBER', P .. 'untold', 8)) do
    local seen = tonumber(call('ZSCORE', P .. 'nodes', untold) or 0)
    if seen > now - grace_ms then return true end
    call('SREM', P .. 'untold', untold)
  end
  return false
end

local function pointless(game, kind, number, dirty)
  return STARTS[kind] and (dirty == '2' or tonumber(number) < superseded_below(game))
end

-- Ends the head where it must not be begun any more. Answers whether it did.
local function ended(id, game, job)
  local ending
  if job.dirty then
    return false
  elseif pointless(game, job.kind, job.number) then
    ending = superseded
  elseif (tonumber(job.deadline) or now) < now then
    ending = { outcome = 'expired', error = 'its deadline had passed before it was begun' }
  else
    return false
  end
  claimer.endings_left[claimer.class] = claimer.endings_left[claimer.class] - 1
  claimer.has_ended = true
  if not can_publish() then
    -- What cannot be ended now is tried again: it must not be lost, nor keep this call busy.
    call('ZADD', P .. 'delay', now + 1000, id)
    set_lane(game, 'd', id)
    return true
  end
  end_job(id, claimer.worker, claimer.node, ending)
  -- What comes up behind it may be older than what is held.
  write_ready()
  advance(game, claimer.node)
  return true
end

-- Notes the lease of a head.
local function lease(id, game, class, kind, token)
  leases[#leases + 1] = claimer.lease_until
  leases[#leases + 1] = id
  set_lane(game, 'a', id, token)
  if STARTS[kind] then
    if owner_of(game) ~= claimer.node then set_owner(game, claimer.node) end
    if claimer.slots == 0 then
      holding.games[#holding.games + 1] = game
    else
      call('SADD', claimer.running, game)
    end
  end
  claimer.wanted[class] = claimer.wanted[class] - 1
end

local function last_start(game)
  return call('GET', P .. 'spec:' .. game) or ''
end

-- What a job's record says of its lease.
local function lease_text(token, attempts, owns)
  return token .. ' ' .. claimer.worker .. ' ' .. claimer.node .. ' ' .. now_rfc3339() .. ' ' .. attempts
    .. (owns and ' 1' or ' 0')
end

-- Leases a job that this call has placed and not written. Answers whether it may be begun.
local function claim_fresh(job, game, class)
  if job.deadline ~= '' and tonumber(job.deadline) < now or pointless(game, job.kind, job.number) then return false end
  fresh[job.id] = nil
  local token = next_fence() .. '-' .. claimer.nonce
  -- Only an owner that this job made may be forgotten where it leaves nothing behind.
  local owns = STARTS[job.kind] and not owner_of(game)
  write_job(job, 'running', lease_text(token, 1, owns))
  lease(job.id, game, class, job.kind, token)
  claimer.claimed[#claimer.claimed + 1] = { job.id, token, 1, job.queue, job.index,
    job.kind == 'restart' and last_start(game) or '', 1, 0, job.digest }
  return true
end

local function claim_head(game, class)
  local lane = lane_of(game)
  local id = lane and lane.head
  if not id then return end
  if fresh[id] then
    if claim_fresh(fresh[id], game, class) then return end
    write_fresh(id)
  end
  local job = job_of(id)
  if not job then
    forget_lost(id)
    write_ready()
    advance(game, claimer.node)
    return
  end
  if ended(id, game, job) then return end
  local token = next_fence() .. '-' .. claimer.nonce
  local attempt = (job.attempts or 0) + 1
  local owns = job.owns == '1' or STARTS[job.kind] and not owner_of(game)
  call('HSET', P .. 'job:' .. id, 'state', 'running', '_lease', lease_text(token, attempt, owns))
  lease(id, game, class, job.kind, token)
  local undo = pointless(game, job.kind, job.number, job.dirty) and (job.dirty == '2' and 2 or 1) or 0
  claimer.claimed[#claimer.claimed + 1] =
    { id, token, attempt, job.queue, message_of(id) or '', job.kind == 'restart' and last_start(game) or '', tonumber(job.run),
      undo, job.digest }
end

-- Whether the head of the lane only waits to be told that its time is over; for that it needs no room.
local function is_late(game)
  local lane = lane_of(game)
  local job = lane and job_of(lane.head)
  return job and (tonumber(job.deadline) or now) < now and not job.dirty
end

-- Of a list without room for more: the first few are looked at, since one that holds its room already, or is late, may
-- stand behind one that waits for room.
local function pop_roomless(list)
  write_fresh()
  write_ready()
  for _, candidate in ipairs(call('ZRANGE', P .. list, 0, 7)) do
    if node_has_room(candidate) or is_late(candidate) then
      call('ZREM', P .. list, candidate)
      return { candidate }
    end
  end
  return {}
end

-- Takes games off what is held of a list.
local function pop_held(list, most)
  local entries, games, rest = ready[list], {}, {}
  for index = 2, entries and #entries or 0, 2 do
    if #games < most then
      games[#games + 1] = entries[index]
    else
      rest[#rest + 1] = entries[index - 1]
      rest[#rest + 1] = entries[index]
    end
  end
  ready[list] = #rest > 0 and rest or nil
  return games
end

-- Takes games off a list, the oldest first, none that would need room that is not there.
local function pop(class, list)
  local most = math.min(claimer.wanted[class], claimer.endings_left[class], 64)
  if held_ready and not ready[list] then return {} end
  if class == 'start' and (claimer.slots > 0 or claimer.draining) then
    most = claimer.draining and 0 or math.min(most, claimer.slots - call('SCARD', claimer.running))
    if most <= 0 then return pop_roomless(list) end
  end
  if held_ready then return pop_held(list, most) end
  local games, popped = {}, call('ZPOPMIN', P .. list, most)
  for index = 1, #popped, 2 do games[#games + 1] = popped[index] end
  fetch(games)
  return games
end

local function drain(class, list)
  while claimer.wanted[class] > 0 and claimer.endings_left[class] > 0 do
    local games = pop(class, list)
    if #games == 0 then return end
    for _, game in ipairs(games) do claim_head(game, class) end
    if not held_ready then write_ready() end
  end
end

local function drain_queues()
  for _, class in ipairs(CLASSES) do
    claimer.class = class
    local common_too = class == 'start' or not owners_unknown()
    for _, queue in ipairs(claimer.queues) do
      local list = 'ready:' .. class .. ':' .. queue
      drain(class, list .. ':' .. claimer.node)
      if common_too then drain(class, list) end
    end
  end
end

local function waits(list)
  if held_ready then return ready[list] ~= nil end
  return call('EXISTS', P .. list) == 1
end

-- Who could take more is rung when there is more; who could not take all that is there rings another, of those that
-- have a place of that class. Answers the sum of 1 where stops or removes wait that the worker had no place for, or did
-- not come to, and 2 where starts do.
local function park()
  local wanted, node, worker, stops, starts = claimer.wanted, claimer.node, claimer.worker, 0, 0
  local room = node_has_room()
  local takes_starts = wanted.start > 0 and room
  local in_stops, in_starts = wanted.stop > 0 and 'SADD' or 'SREM', wanted.start > 0 and 'SADD' or 'SREM'
  call(in_stops, P .. 'idle:stop', worker)
  call(in_stops, P .. 'idle:stop:' .. node, worker)
  call(takes_starts and 'SADD' or 'SREM', P .. 'idle:start', worker)
  -- A game that holds its room already needs no other.
  call(in_starts, P .. 'idle:start:' .. node, worker)
  for _, queue in ipairs(claimer.queues) do
    if wanted.stop == 0 or claimer.endings_left.stop == 0 then
      local list = 'ready:stop:' .. queue
      local waits_here, waits_anywhere = waits(list .. ':' .. node), waits(list)
      if waits_here then ring_node(node, 'stop') end
      if waits_anywhere then ring_any('stop') end
      if waits_here or waits_anywhere then stops = 1 end
    end
    if not takes_starts or claimer.endings_left.start == 0 then
      local list = 'ready:start:' .. queue
      local waits_here, waits_anywhere = waits(list .. ':' .. node), waits(list)
      if room and waits_here then ring_node(node, 'start') end
      if waits_anywhere then ring_any('start') end
      if room and (waits_here or waits_anywhere) then starts = 2 end
    end
  end
  return stops + starts
end

-- Leases what is ready, as far as it is wanted. Answers the jobs, as claim.lua names them, and what park answers.
local function claim(nonce, lease_ms, most_starts, most_stops, slots)
  claimer.nonce, claimer.slots = nonce, slots
  claimer.lease_until = string.format('%d', now + lease_ms)
  claimer.wanted = { start = most_starts, stop = most_stops }
  claimer.claimed = { now_rfc3339() }
  holding.key = claimer.running
  if not claimer.calm then
    claimer.draining = is_listed('draining', claimer.node)
    local open = {}
    for _, queue in ipairs(claimer.queues) do
      if not is_listed('paused', queue) then open[#open + 1] = queue end
    end
    claimer.queues = open
  end
  if not held_ready then write_ready() end
  drain_queues()
  -- What ended without being run made way in its lane for a job that belongs on a list that was looked at before.
  if claimer.has_ended then drain_queues() end
  return claimer.claimed, park()
end

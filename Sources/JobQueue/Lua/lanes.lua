-- Purpose: the one piece that makes lanes ready, and the doorbells that tell workers of it.
-- Keys: those of clock.lua.
-- Arguments: none of its own.
-- Answers: none of its own; what scripts read and change of games, settle, advance, unready, ring_node, ring_any and forget_idle.
-- One step because: a lane is ready, active or delayed exactly as its head is, at every moment.

-- A command costs more than what it does: what a call reads and changes of games is read with one command for many,
-- held here, and written with one command for all when the script ends (write_back).
local lanes, owners, below = {}, {}, {}
local dirty_lanes, dirty_owners, ready = {}, {}, {}
-- Games that are known to have nothing behind their head.
local alone = {}
-- Whether `ready` is all that there is on the lists of the calling worker, the oldest first in each.
local held_ready = false

-- A field that is no game's, with a text so long that Redis keeps the hash as a table: in the list that a small hash
-- is else, each look for a game would read all of them.
local FORM = '#'
local is_table = {}

-- What the hash says of these games.
local function read(hash, games)
  local values = call('HMGET', P .. hash, FORM, unpack(games))
  is_table[hash] = values[1]
  return values
end

-- Writes names and values in turn.
local function write(hash, pairs)
  if #pairs == 0 then return end
  if is_table[hash] then return call('HSET', P .. hash, unpack(pairs)) end
  call('HSET', P .. hash, FORM, string.rep('-', 65), unpack(pairs))
end

-- The producer's bytes of a live job stand in a key of their own, `message:ID`: the record is public, and they are not.
-- What this call has placed is held here by id, and written with one command when the script ends.
local messages = {}

local function message_of(id)
  return messages[id] or call('GET', P .. 'message:' .. id)
end

-- The record of a live job: few fields, since a field costs more than a long text. All fields of `_job` and `_lease`
-- stand there with a space between them, "-" where there is nothing.
-- `_job`, as it was admitted: number, kind, game, queue, run, digest, deadline in ms, traceparent, enqueued_at.
-- `_lease`, as it was claimed last: token and worker, while it runs; node, time, attempts, and 1 where this job has made
-- the node the owner of the game, else 0.

-- A live job, nil where there is none: id, state, dirty, all that stands in `_job` and `_lease`, and under `other` the
-- field that is asked for besides.
local function job_of(id, field)
  -- A key of another type, written by hand, holds no job.
  local record = redis.pcall('HMGET', P .. 'job:' .. id, 'state', '_job', '_lease', '_dirty', field or 'state')
  if record.err or not record[2] then return nil end
  local job = { id = id, state = record[1], dirty = record[4], other = record[5] }
  job.number, job.kind, job.game, job.queue, job.run, job.digest, job.deadline, job.traceparent, job.enqueued_at =
    string.match(record[2], '^(%d+) (%S+) (%S+) (%S+) (%d+) (%S+) (%S+) (%S+) (.+)$')
  if record[3] then
    job.token, job.worker, job.node, job.taken, job.attempts, job.owns =
      string.match(record[3], '^(%S+) (%S+) (%S+) (%S+) (%d+) (%d)$')
  end
  return job
end

local function has_token(job, token)
  return job and job.state == 'running' and job.token == token
end

-- Writes what becomes of a job that loses its lease. Behind the attempts stand names and values in turn.
local function write_unleased(job, state, attempts, ...)
  local key = P .. 'job:' .. job.id
  local lease = string.format('- - %s %s %d %s', job.node or '-', job.taken or '-', attempts or 0, job.owns or '0')
  call('HSET', key, 'state', state, '_lease', lease, ...)
  call('HDEL', key, '_cancel', '_progress')
end

-- Reads what will be needed of these games.
local function fetch(games)
  if #games == 0 then return end
  local states, nodes = read('lanes', games), read('owner', games)
  local marks = call('HMGET', P .. 'superseded', unpack(games))
  for index, game in ipairs(games) do
    if lanes[game] == nil then
      local text = states[index + 1]
      if text then
        local state, head, detail = string.match(text, '^(%a) (%S+) ?(.*)$')
        lanes[game] = { state = state, head = head, detail = detail }
      else
        lanes[game] = false
      end
    end
    if owners[game] == nil then owners[game] = nodes[index + 1] end
    if below[game] == nil then below[game] = tonumber(marks[index] or 0) end
  end
end

-- The lane of a game: its state "r" (ready), "a" (active) or "d" (delayed), its head, and the list on which it is
-- ready or the token under which its head runs (detail); false where the game has no job.
local function lane_of(game)
  if lanes[game] == nil then fetch({ game }) end
  return lanes[game]
end

-- Whether an operator's list, a set of queues or nodes, has a member. A key of another type has none, so that it stops
-- nobody; workers report it (`JobQueue.keyProblems`).
local function is_listed(list, member)
  return redis.pcall('SISMEMBER', P .. list, member) == 1
end

-- Whether a job of the game runs.
local function is_busy(game)
  if lanes[game] ~= nil then return lanes[game] and lanes[game].state == 'a' end
  return string.sub(call('HGET', P .. 'lanes', game) or '', 1, 1) == 'a'
end

local function set_lane(game, state, head, detail)
  local lane = lanes[game]
  if lane then
    lane.state, lane.head, lane.detail = state, head, detail or ''
  else
    lanes[game] = { state = state, head = head, detail = detail or '' }
  end
  dirty_lanes[game] = true
end

local function owner_of(game)
  if owners[game] == nil then fetch({ game }) end
  return owners[game]
end

-- `node` is false where nobody owns the game any more.
local function set_owner(game, node)
  owners[game] = node
  dirty_owners[game] = true
end

-- Jobs with a lower number than this, of the kinds that start, were made pointless by a stop or remove.
local function superseded_below(game)
  if below[game] == nil then fetch({ game }) end
  return below[game]
end

-- Kinds that start a game. A table, since a call costs more than what it would do.
local STARTS = { start = true, restart = true }

-- Wakes one worker of `set` that is alive. Few are tried: workers also look by themselves.
local function ring(set)
  for _ = 1, 4 do
    local worker = call('SPOP', set)
    if not worker then return end
    local alive_until = call('ZSCORE', P .. 'workers', worker)
    if alive_until and tonumber(alive_until) > now then
      local bell = P .. 'bell:' .. worker
      if call('LLEN', bell) < 4 then
        call('RPUSH', bell, 'ready')
        call('PEXPIRE', bell, 60000)
      end
      return
    end
  end
end

-- A worker of the node that has a place for a lane of this class ("stop" or "start").
local function ring_node(node, class)
  ring(P .. 'idle:' .. class .. ':' .. node)
end

local function ring_any(class)
  ring(P .. 'idle:' .. class)
end

-- Jobs have left the window, and messages wait for it: a worker looks at them again.
local function wake_held()
  if held == '0' or live >= live_before then return end
  held = '0'
  ring_any('stop')
  ring_any('start')
end

-- Nobody rings the worker any more.
local function forget_idle(worker, node)
  for _, class in ipairs({ 'stop', 'start' }) do
    call('SREM', P .. 'idle:' .. class, worker)
    if node then call('SREM', P .. 'idle:' .. class .. ':' .. node, worker) end
  end
end

-- Puts the lanes that were made ready on one list.
local function write_list(list)
  call('ZADD', P .. list, unpack(ready[list]))
  ready[list] = nil
end

-- Puts the lanes that were made ready on their lists.
local function write_ready()
  held_ready = false
  for list in pairs(ready) do write_list(list) end
end

-- Takes a lane off the list on which it is ready, if it is on one.
local function unready(game)
  local lane = lane_of(game)
  if lane and lane.state == 'r' then
    write_ready()
    call('ZREM', P .. lane.detail, game)
  end
end

-- Makes the lane of `game` ready for its head, whose kind, queue, number and dirt are given. The lane must be on no
-- ready list. `here` is the calling worker's node: it claims right after, so nobody needs to be rung.
local function make_ready(game, head, here, kind, queue, seq, dirty)
  local pointless = STARTS[kind] and (dirty == '2' or tonumber(seq) < superseded_below(game))
  local class, owner = 'stop', nil
  if STARTS[kind] and not pointless then class = 'start' end
  -- A pointless start is ended by anyone, but where its node has to look what it may have left behind.
  if not pointless or dirty then owner = owner_of(game) end
  local list = 'ready:' .. class .. ':' .. queue
  if owner then list = list .. ':' .. owner end
  local entries = ready[list] or {}
  entries[#entries + 1] = seq
  entries[#entries + 1] = game
  ready[list] = entries
  set_lane(game, 'r', head, list)
  if owner and owner ~= here then
    write_list(list)
    ring_node(owner, class)
  end
end

-- Counts a job whose record is gone, by hand or by eviction: nobody knows what it asked for, so it has no result.
local function forget_lost(id)
  call('HINCRBY', META, 'ghosts', 1)
  call('DEL', P .. 'message:' .. id)
end

-- How many jobs of one lane count in the window. More of them are admitted and not counted, so that no game can fill the
-- window for all others: what a lane holds beyond this costs memory only, as it did in its queue.
local MOST_COUNTED = 100

-- A job leaves the window. `behind` is how many jobs its lane holds behind it.
local function uncount(behind)
  if behind < MOST_COUNTED then live = live - 1 end
end

-- The head of the lane has ended: the next one that has a record is its head, or the lane is forgotten.
local function advance(game, here)
  local lane = P .. 'lane:' .. game
  local behind = alone[game] and 0 or call('LLEN', lane)
  uncount(behind)
  local head = behind > 0 and call('LPOP', lane)
  local job = head and job_of(head)
  while head and not job do
    forget_lost(head)
    behind = behind - 1
    uncount(behind)
    head = call('LPOP', lane)
    job = head and job_of(head)
  end
  if head then return make_ready(game, head, here, job.kind, job.queue, job.number, job.dirty) end
  lanes[game] = false
  dirty_lanes[game] = true
end

-- Makes the lane of `game` ready for the head that it has, or for the next one if the record of that is gone.
local function settle(game, head, here)
  local job = job_of(head)
  if job then return make_ready(game, head, here, job.kind, job.queue, job.number, job.dirty) end
  forget_lost(head)
  advance(game, here)
end

-- Reads what the ends of these games' heads need: where none has anything behind it, nothing but that.
local function fetch_ending(games)
  if #games == 0 then return end
  local keys = {}
  for index, game in ipairs(games) do keys[index] = P .. 'lane:' .. game end
  if call('EXISTS', unpack(keys)) > 0 then return fetch(games) end
  for _, game in ipairs(games) do alone[game] = true end
end

-- Notes containers that jobs have started, each followed by the mark of its run, until the listener has told of them.
-- Answers how many are news.
local function note_begun(node, begun)
  if #begun == 0 then return 0 end
  local containers, news = {}, {}
  for index = 1, #begun, 2 do containers[#containers + 1] = begun[index] end
  local marks = call('HMGET', P .. 'stories:' .. node, unpack(containers))
  local ends = call('ZMSCORE', P .. 'ended:' .. node, unpack(containers))
  for index, container in ipairs(containers) do
    if not marks[index] and not ends[index] then
      news[#news + 1] = container
      news[#news + 1] = begun[2 * index]
    end
  end
  if #news > 0 then call('HSET', P .. 'begun:' .. node, unpack(news)) end
  return #news / 2
end

-- Writes what was changed of games.
local function write_games()
  write_ready()
  local puts, gone = {}, {}
  for game in pairs(dirty_lanes) do
    local lane = lanes[game]
    if lane then
      puts[#puts + 1] = game
      puts[#puts + 1] = lane.detail == '' and lane.state .. ' ' .. lane.head
        or lane.state .. ' ' .. lane.head .. ' ' .. lane.detail
    else
      gone[#gone + 1] = game
    end
  end
  write('lanes', puts)
  if #gone > 0 then
    call('HDEL', P .. 'lanes', unpack(gone))
    call('HDEL', P .. 'superseded', unpack(gone))
  end
  puts, gone = {}, {}
  for game in pairs(dirty_owners) do
    if owners[game] then
      puts[#puts + 1] = game
      puts[#puts + 1] = owners[game]
    else
      gone[#gone + 1] = game
    end
  end
  write('owner', puts)
  if #gone > 0 then call('HDEL', P .. 'owner', unpack(gone)) end
end

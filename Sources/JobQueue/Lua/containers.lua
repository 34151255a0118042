-- Purpose: reports of jobs about containers, for the leader of the node, and the leader's published events.

local containers = {}

-- Limit of remembered ended lifecycles. A repeated event must not begin a lifecycle anew. The Docker Engine repeats
-- at most 256 events.
local MOST_ENDED_LIFECYCLES = 10000

-- Notes a container started by a job, until the leader has published the start. Returns 1, or 0 for a published start.
function containers.note_started(c, container, checkpoint)
  local node = c.args.node
  if call('HEXISTS', c.prefix .. 'checkpoints:' .. node, container) == 1
    or call('ZSCORE', c.prefix .. 'ended:' .. node, container) then return 0 end
  call('HSET', c.prefix .. 'started:' .. node, container, checkpoint)
  return 1
end

-- Records a job's request to stop a container. A repeated request of the same job keeps the first words: the Docker
-- Engine continues a stop also after the death of the caller. Returns the first words, or 1.
local function note_stop(c, container, intents)
  local key, named = c.prefix .. 'job:' .. c.args.job, container .. '\n'
  local record = call('HMGET', key, '_job', '_stop')
  local before = record[2] and string.sub(record[2], 1, #named) == named and string.sub(record[2], #named + 1)
  if record[1] and not before then call('HSET', key, '_stop', named .. c.args.text) end
  call('HSET', intents, container, before or c.args.text)
  return before or 1
end

-- Stores the report of a job about a container.
-- Arguments: node, container, fact: "started" (text: the checkpoint), "stop" (before the request; text: the intent,
--   job: its id), "forced" (text: 1 if the stop needed SIGKILL) or "exit" (before the removal; text: the end of the
--   last run).
-- Returns: 1 if the fact was stored, 0 if the leader has published it already; for "stop" see above.
-- Atomic because: a fact stored after the publication of its event would count for the next run.
define('report', function(c)
  local a, container = c.args, c.args.container
  if a.fact == 'started' then return containers.note_started(c, container, a.text) end
  local intents = c.prefix .. 'intents:' .. a.node
  local checkpoint = call('HGET', c.prefix .. 'checkpoints:' .. a.node, container)
  if not checkpoint and call('ZSCORE', c.prefix .. 'ended:' .. a.node, container) then return 0 end
  if a.fact == 'stop' then return note_stop(c, container, intents) end
  if a.fact == 'forced' and call('HEXISTS', intents, container) == 0 then return 0 end
  if a.fact == 'exit' and checkpoint and string.sub(checkpoint, 1, 1) ~= 's' then return 0 end
  call('HSET', intents, container .. ':' .. a.fact, a.text)
  return 1
end)

-- Returns whether the removal of the container is published.
local function is_removed(c, container)
  return call('ZSCORE', c.prefix .. 'ended:' .. c.args.node, container) and true or false
end

-- Returns whether the reservation of a game is for another container that has not ended. A leader may publish late that
-- an older container runs. This must not replace the reservation of the newer container.
local function is_for_another(c, game, container)
  local held = reservations.held(c, c.args.node, game)
  local other = held and held.container
  if not other or other == container then return false end
  local checkpoint = call('HGET', c.prefix .. 'checkpoints:' .. c.args.node, other)
  return not is_removed(c, other) and (not checkpoint or string.sub(checkpoint, 1, 1) == 's')
end

-- Returns whether the removal of the container is published, or a job has reported the end before the removal. A worker
-- may say late that the container runs. This must not reserve its capacity again: another game may have it. An exited
-- container is not over: somebody may have started it again.
function containers.is_over(c, container)
  return is_removed(c, container)
    or call('HEXISTS', c.prefix .. 'intents:' .. c.args.node, container .. ':exit') == 1
end

-- Returns whether a job has reported that it has stopped the run that a leader publishes only now.
local function is_stopped(c, container)
  return call('HEXISTS', c.prefix .. 'intents:' .. c.args.node, container .. ':forced') == 1
end

local function settle_reservation(c, game, update)
  local node, is_busy = c.args.node, lanes.is_busy(c, game)
  if string.sub(update.checkpoint, 1, 1) == 's' then
    local container = update.container
    if is_for_another(c, game, container) or containers.is_over(c, container) or is_stopped(c, container) then
      return
    end
    local _, shrinks = reservations.set(c, node, game, update, is_busy)
    if shrinks then workers.wake_for_capacity(c, node) end
  elseif not is_busy and reservations.free(c, node, game, update.container) then
    -- A running job of the game would keep the reservation.
    workers.wake_for_capacity(c, node)
  end
end

-- Stores the new checkpoint of a container; an empty one ends its lifecycle.
local function store_checkpoint(c, update)
  local node, container, checkpoint = c.args.node, update.container, update.checkpoint
  local key, ended = c.prefix .. 'checkpoints:' .. node, c.prefix .. 'ended:' .. node
  if checkpoint ~= '' then
    call('HSET', key, container, checkpoint)
  else
    call('HDEL', key, container)
    call('ZADD', ended, c.now, container)
    call('ZREMRANGEBYRANK', ended, 0, -MOST_ENDED_LIFECYCLES - 1)
  end
  call('HDEL', c.prefix .. 'started:' .. node, container)
  -- The reported facts concern the ended run.
  if string.sub(checkpoint, 1, 1) ~= 's' then
    call('HDEL', c.prefix .. 'intents:' .. node, container, container .. ':forced', container .. ':exit')
  end
  if update.game_id ~= '' then settle_reservation(c, update.game_id, update) end
end

local function publish_one(c, update)
  local last = call('HGET', c.prefix .. 'checkpoints:' .. c.args.node, update.container) or ''
  if last == '' and call('ZSCORE', c.prefix .. 'ended:' .. c.args.node, update.container) then return 'ended' end
  if last ~= update.expected then return 'mark:' .. last end
  for _, fields in ipairs(update.events) do
    call('XADD', c.prefix .. 'events', 'MAXLEN', '~', context.settings(c).retention_entries, '*', 'node', c.args.node,
      'epoch', c.args.epoch, unpack(fields))
    games.note(c, (named(fields)), update.endpoint)
  end
  store_checkpoint(c, update)
  return 'ok'
end

-- Publishes lifecycle events in the leader's epoch, each once.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE. Arguments: node, worker, epoch, cursor (to store; none if absent), updates:
--   each with container, game_id, expected (the last checkpoint known to the caller), checkpoint (the new one; empty:
--   the lifecycle has ended), endpoint (URL of the game engine; none if the container is gone), cpu and memory (the
--   limits of the container, in thousandths and bytes), port (published, if any), events: for each the fields, names
--   and values in turn.
-- Returns: "fenced" if another epoch leads; else for each update "ok", "mark:" and the real last checkpoint, or
--   "ended".
-- Atomic because: an event and its checkpoint belong together, and a former leader must not publish.
define('publish', function(c)
  if not leadership.leads(c) then return 'fenced' end
  local replies = {}
  for index, update in ipairs(c.args.updates) do replies[index] = publish_one(c, update) end
  if c.args.cursor then call('HSET', c.keys[2], 'cursor', c.args.cursor) end
  return replies
end)

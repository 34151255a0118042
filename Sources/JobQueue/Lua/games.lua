-- Purpose: what runs now. The public hash `{ns}:games` has a field for each game with a container, as JSON: state
--   (`running` or `exited`), node, container_id, image, engine_endpoint, job_id, since, and after an exit reason and
--   exit_code. The leader writes a field together with the event. A key of a wrong type stops no event.

local games = {}

-- Returns the field of a game; nil if there is none.
function games.read(c, game)
  local text = redis.pcall('HGET', c.prefix .. 'games', game)
  return type(text) == 'string' and decoded(text) or nil
end

function games.write(c, game, field)
  redis.pcall('HSET', c.prefix .. 'games', game, cjson.encode(field))
end

-- Returns whether facts about a container of the caller's node may replace a field: the field is of this container, or
-- of an ended one, or of a node that no longer owns the game.
local function may_replace(c, field, game, container)
  return not field or field.container_id == container or field.state == 'exited'
    or field.node ~= c.args.node and lanes.owner(c, { game = game }) == c.args.node
end

-- Notes a published event. `endpoint` is the URL of the game engine in the container; nil if the container is gone.
function games.note(c, event, endpoint)
  local game, container, kind = event.game_id, event.container_id, event.event
  local is_exit = kind == 'exited'
  -- A change of health and an OOM may come every second.
  if not is_exit and kind ~= 'started' and kind ~= 'removed' then return end
  local field = games.read(c, game)
  local is_same = field and field.container_id == container
  if kind == 'removed' then
    if is_same then redis.pcall('HDEL', c.prefix .. 'games', game) end
  elseif may_replace(c, field, game, container) then
    games.write(c, game, { state = is_exit and 'exited' or 'running', node = c.args.node, container_id = container,
      image = event.image, job_id = event.job_id,
      engine_endpoint = endpoint or is_same and field.engine_endpoint or nil,
      since = is_exit and event.finished_at or not is_exit and event.started_at or event.occurred_at,
      reason = event.reason, exit_code = tonumber(event.exit_code) })
  end
end

-- Returns whether the last published step of the container agrees with the field.
local function is_current(c, field)
  local checkpoint = call('HGET', c.prefix .. 'checkpoints:' .. c.args.node, field.container_id) or ''
  return string.sub(checkpoint, 1, 1) == (field.state == 'running' and 's' or 'e')
end

-- Returns whether a field is missing, is of an earlier state of the container, or of an earlier container.
local function differs(c, known, game, field)
  if not known then return true end
  if known.container_id == field.container_id then return known.state ~= field.state end
  return field.state == 'running' and may_replace(c, known, game, field.container_id)
end

-- Restores missing fields of games with a container on the leader's node.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE. Arguments: node, worker, epoch, games: for each game_id and field.
-- Returns: "fenced" if another epoch leads; else how many fields were restored.
-- Atomic because: a step published meanwhile counts, and a former leader must not restore a removed container.
define('restore_games', function(c)
  if not leadership.leads(c) then return 'fenced' end
  local restored = 0
  for _, row in ipairs(c.args.games) do
    local known, field = games.read(c, row.game_id), row.field
    if differs(c, known, row.game_id, field) and is_current(c, field) then
      field.node = c.args.node
      games.write(c, row.game_id, field)
      restored = restored + 1
    end
  end
  return restored
end)

-- Purpose: publishes steps of containers' stories, under the leader's epoch, each step once.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE.
-- Arguments: node, worker, epoch, cursor to store (or empty), then per container: id, the mark that the
--   caller believes to be the last published one (or empty), the new mark (or empty: the story has ended),
--   its game, number of entries, then per entry the number of the texts that follow, names and values in turn.
-- Answers: "fenced" where another epoch leads; else per container "ok", or the mark that really is the last
--   one where the caller was wrong, prefixed by "mark:", or "ended" where its story has ended before.
-- One step because: an entry and the mark that says that it was published must not be torn apart, and a
--   listener that lost its lease must not publish.
local node, worker, epoch = ARGV[1], ARGV[2], ARGV[3]
local lease = call('HMGET', KEYS[2], 'holder', 'epoch')
if lease[1] ~= worker or lease[2] ~= epoch then return 'fenced' end
local stories, begun, ended = P .. 'stories:' .. node, P .. 'begun:' .. node, P .. 'ended:' .. node
local running = P .. 'running:' .. node
-- Ended stories that are remembered, so that an event that comes again cannot begin one anew. The Engine
-- sends 256 events again at most.
local remembered = 10000

local function remember_end(container)
  call('HDEL', stories, container)
  call('ZADD', ended, now, container)
  call('ZREMRANGEBYRANK', ended, 0, -remembered - 1)
end

local function settle_place(game, mark)
  if string.sub(mark, 1, 1) == 's' then
    call('SADD', running, game)
  elseif not is_busy(game) then
    -- A container that has ended makes room, but for a job of its game that holds the room right now.
    call('SREM', running, game)
  end
end

local answers = {}
local index = 5
while index <= #ARGV do
  local container, expected, mark, game, entries = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3],
    tonumber(ARGV[index + 4])
  index = index + 5
  local last = call('HGET', stories, container) or ''
  local has_ended = last == '' and call('ZSCORE', ended, container)
  local accepted = last == expected and not has_ended
  for _ = 1, entries do
    local count = tonumber(ARGV[index])
    if accepted then
      local fields = { 'node', node, 'epoch', epoch }
      for offset = 1, count do fields[#fields + 1] = ARGV[index + offset] end
      call('XADD', P .. 'events', 'MAXLEN', '~', retention_entries_text, '*', unpack(fields))
    end
    index = index + 1 + count
  end
  if has_ended then
    answers[#answers + 1] = 'ended'
  elseif not accepted then
    answers[#answers + 1] = 'mark:' .. last
  else
    answers[#answers + 1] = 'ok'
    if mark == '' then remember_end(container) else call('HSET', stories, container, mark) end
    call('HDEL', begun, container)
    -- What was asked and seen was of the run that has ended.
    if string.sub(mark, 1, 1) ~= 's' then
      call('HDEL', P .. 'intents:' .. node, container, container .. ':forced', container .. ':exit')
    end
    if game ~= '' then settle_place(game, mark) end
  end
end
if ARGV[4] ~= '' then call('HSET', KEYS[2], 'cursor', ARGV[4]) end
return answers

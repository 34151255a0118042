-- Purpose: publishes steps of containers' stories, under the leader's epoch, each step once.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE.
-- Arguments: node, worker, epoch, cursor to store (or empty), then per container: id, the mark that the
--   caller believes to be the last published one (or empty), the new mark (or empty: the story has ended),
--   its game, number of entries, then per entry the number of the texts that follow, names and values in turn.
-- Answers: "fenced" where another epoch leads; else per container "ok", or the mark that really is the last
--   one where the caller was wrong, prefixed by "mark:".
-- One step because: an entry and the mark that says that it was published must not be torn apart, and a
--   listener that lost its lease must not publish.
local node, worker, epoch = ARGV[1], ARGV[2], ARGV[3]
local lease = redis.call('HMGET', KEYS[2], 'holder', 'epoch')
if lease[1] ~= worker or lease[2] ~= epoch then return 'fenced' end
local stories = P .. 'stories:' .. node
local answers = {}
local index = 5
while index <= #ARGV do
  local container, expected, mark, game, entries = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3],
    tonumber(ARGV[index + 4])
  index = index + 5
  local last = redis.call('HGET', stories, container) or ''
  local accepted = last == expected
  for _ = 1, entries do
    local count = tonumber(ARGV[index])
    if accepted then
      local fields = { 'node', node, 'epoch', epoch }
      for offset = 1, count do fields[#fields + 1] = ARGV[index + offset] end
      redis.call('XADD', P .. 'events', 'MAXLEN', '~', retention_entries, '*', unpack(fields))
    end
    index = index + 1 + count
  end
  if not accepted then
    answers[#answers + 1] = 'mark:' .. last
  else
    answers[#answers + 1] = 'ok'
    if mark == '' then
      redis.call('HDEL', stories, container)
      redis.call('HDEL', P .. 'intents:' .. node, container)
    else
      redis.call('HSET', stories, container, mark)
    end
    -- A container that has ended makes room, but for a job of its game that holds the room right now.
    if string.sub(mark, 1, 1) ~= 's' and redis.call('HGET', P .. 'lanes', game) ~= 'a' then
      redis.call('SREM', P .. 'running:' .. node, game)
    end
  end
end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[2], 'cursor', ARGV[4]) end
return answers

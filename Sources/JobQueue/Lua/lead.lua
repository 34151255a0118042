-- Purpose: the lease of the one listener of a node: taken, renewed, resigned.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE.
-- Arguments: node, worker, "ask" or "resign", TTL in ms, epoch of the term that is renewed or resigned (or
--   empty).
-- Answers: 1, epoch and cursor where the worker leads; 0 and ms until the lease runs out where another does.
-- One step because: two workers must not both find the lease free; the epoch never goes back.
local node, worker, verb, ttl, epoch = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local lease = call('HMGET', KEYS[2], 'holder', 'epoch', 'until', 'cursor')
local held_until = tonumber(lease[3] or 0)
local is_mine = lease[1] == worker and lease[2] == epoch
if verb == 'resign' then
  if is_mine then
    call('HSET', KEYS[2], 'until', 0)
    -- Two are enough, in case that one is about to end too; the rest would only ask in vain.
    local rung = 0
    for _, other in ipairs(call('SRANDMEMBER', P .. 'workers:' .. node, 16)) do
      local alive_until = tonumber(call('ZSCORE', P .. 'workers', other) or 0)
      if other ~= worker and alive_until > now and rung < 2 then
        call('RPUSH', P .. 'bell:' .. other, 'leader')
        call('PEXPIRE', P .. 'bell:' .. other, 60000)
        rung = rung + 1
      end
    end
  end
  return { 0, 0 }
end
if is_mine then
  call('HSET', KEYS[2], 'until', now + ttl)
  return { 1, lease[2], lease[4] or '' }
end
-- A worker whose answer was lost holds the lease without knowing it: it gets a new term at once.
if held_until > now and lease[1] ~= worker then return { 0, held_until - now } end
local next_epoch = string.format('%d', math.max(tonumber(lease[2] or 0) + 1, now))
call('HSET', KEYS[2], 'holder', worker, 'epoch', next_epoch, 'until', now + ttl)
return { 1, next_epoch, lease[4] or '' }

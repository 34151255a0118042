-- Purpose: the lease of the one listener of a node: taken and resigned. What renews it is `PEXPIRE` of the term's key.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE.
-- Arguments: node, worker, "ask" or "resign", TTL in ms, epoch of the term that is resigned (or empty).
-- Answers: 1, epoch and cursor where the worker leads; 0, ms until the lease runs out and its epoch where another does.
-- One step because: two workers must not both find the lease free; the epoch never goes back.
local node, worker, verb, ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local lease = call('HMGET', KEYS[2], 'holder', 'epoch', 'cursor')
-- A term lasts as long as its key. Each has its own, so that one that has ended can renew no other.
local function term(epoch) return P .. 'term:' .. node .. ':' .. epoch end
if verb == 'resign' then
  if lease[1] == worker and lease[2] == ARGV[5] then
    call('DEL', term(lease[2]))
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
local left = lease[2] and call('PTTL', term(lease[2])) or 0
-- A worker whose answer was lost holds the lease without knowing it: it gets a new term at once.
if left > 0 and lease[1] ~= worker then return { 0, left, lease[2] } end
if lease[2] then call('DEL', term(lease[2])) end
local epoch = string.format('%d', math.max(tonumber(lease[2] or 0) + 1, now))
call('HSET', KEYS[2], 'holder', worker, 'epoch', epoch)
call('SET', term(epoch), worker, 'PX', ttl)
return { 1, epoch, lease[3] or '' }

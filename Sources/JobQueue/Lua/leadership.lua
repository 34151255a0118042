-- Purpose: the lease of the one leader of a node. `PEXPIRE` of the term's key renews a term.
-- Keys: 1 {ns}:meta, 2 {ns}:leader:NODE.
-- Atomic because: two workers must not both find the lease free, and the epoch never goes back.

local leadership = {}

-- Returns whether the caller leads in the named epoch.
function leadership.leads(c)
  local leader = call('HMGET', c.keys[2], 'holder', 'epoch')
  return leader[1] == c.args.worker and leader[2] == c.args.epoch
end

-- Each term has a key of its own. So an ended term can renew no other.
local function term_key(c, epoch) return c.prefix .. 'term:' .. c.args.node .. ':' .. epoch end

-- Asks for the lease. Arguments: node, worker, ttl_ms.
-- Returns: 1, epoch and cursor if the worker leads; else 0, the ms until the lease expires, and its epoch. A worker
--   whose reply was lost holds the lease without knowing, and gets a new term at once.
define('lead', function(c)
  local leader = call('HMGET', c.keys[2], 'holder', 'epoch', 'cursor')
  local left = leader[2] and call('PTTL', term_key(c, leader[2])) or 0
  if left > 0 and leader[1] ~= c.args.worker then return { 0, left, leader[2] } end
  if leader[2] then call('DEL', term_key(c, leader[2])) end
  local epoch = context.digits(math.max(tonumber(leader[2] or 0) + 1, c.now))
  call('HSET', c.keys[2], 'holder', c.args.worker, 'epoch', epoch)
  call('SET', term_key(c, epoch), c.args.worker, 'PX', c.args.ttl_ms)
  return { 1, epoch, leader[3] or '' }
end)

-- Ends a term and wakes two workers of the node, in case one of them is about to end too.
-- Arguments: node, worker, epoch. Returns: "ok".
define('resign', function(c)
  if not leadership.leads(c) then return 'ok' end
  call('DEL', term_key(c, c.args.epoch))
  local woken = 0
  for _, other in ipairs(call('SRANDMEMBER', c.prefix .. 'workers:' .. c.args.node, 16)) do
    if other ~= c.args.worker and woken < 2 and workers.ring(c, other, 'leader') then woken = woken + 1 end
  end
  return 'ok'
end)

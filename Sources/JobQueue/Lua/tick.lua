-- Purpose: says that a worker lives, and makes due what waits for a time: retries, leases that ran out, and what is kept
--   for a time only.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, 1 where the Engine answers, how long the worker counts as alive in ms, lease in ms, 1 where
--   there was a silence, crashes after which a job is given up (one that starts a game is claimed once more before that,
--   only to be undone), most of each to move, then the queues.
-- Answers: retries made due, leases taken back, jobs given up, ms until the next is due (-1: none), 1 where the
--   worker may find something to take in or to claim, and 1 where Redis does not know what the node owns (it has lost its
--   data).
-- One step because: a job is taken off its time list and put on a ready list at once.
local worker, node, lease_ms, crash_limit, most = ARGV[1], ARGV[2], tonumber(ARGV[5]), tonumber(ARGV[7]), tonumber(ARGV[8])
local due, reclaimed, poisoned = 0, 0, 0
local must_tell = say_alive(worker, tonumber(ARGV[4]), node, ARGV[3] == '1')

-- An idle worker pays for each command: only the first of a list is read where nothing is due.
local function first_of(list)
  local score = call('ZRANGE', P .. list, 0, 0, 'WITHSCORES')[2]
  return score and tonumber(score)
end

local function due_of(list) return call('ZRANGEBYSCORE', P .. list, '-inf', now, 'LIMIT', 0, most) end

-- Jobs of the time lists whose records are gone. Which lanes they hold up only these themselves say.
local lost = {}

local next_retry = first_of('delay')
for _, id in ipairs(next_retry and next_retry <= now and due_of('delay') or {}) do
  call('ZREM', P .. 'delay', id)
  local job = job_of(id)
  if job then
    call('HSET', P .. 'job:' .. id, 'state', 'waiting')
    settle(job.game, id, node)
    due = due + 1
  else
    lost[#lost + 1] = id
  end
end

local function reclaim(id)
  local job = job_of(id, '_crashes')
  if not job then
    call('ZREM', P .. 'lease', id)
    lost[#lost + 1] = id
    return
  end
  local crashes = (tonumber(job.other) or 0) + 1
  -- What a start has made is undone by a last claim, which is not to kill a worker once more.
  local is_last = crashes == crash_limit and STARTS[job.kind]
  -- What cannot be ended now is tried again.
  if crashes >= crash_limit and not is_last and not can_publish() then
    call('ZADD', P .. 'lease', now + 1000, id)
    return
  end
  call('ZREM', P .. 'lease', id)
  call('HSET', P .. 'job:' .. id, '_crashes', crashes)
  if crashes >= crash_limit and not is_last then
    end_job(id, job.worker, job.node, { outcome = 'failed', code = 'poisoned',
      error = 'its worker died ' .. crashes .. ' times while it ran; it is not tried again' })
    advance(job.game, node)
    poisoned = poisoned + 1
  else
    write_unleased(job, 'waiting', job.attempts, '_dirty', is_last and 2 or 1)
    settle(job.game, id, node)
    reclaimed = reclaimed + 1
  end
end

local next_lease = first_of('lease')
local has_lapsed = next_lease and next_lease <= now
if has_lapsed or ARGV[6] == '1' then note_silence() end
-- After Redis or all workers were away, living workers get one lease's time to come back for theirs.
if has_lapsed and now >= resumed_at + lease_ms then
  for _, id in ipairs(due_of('lease')) do reclaim(id) end
end

-- Lets the lanes go on whose heads are lost. A call looks at so many lanes at most; the next one goes on. What is found
-- lost meanwhile waits for the next pass, since its lane may have been looked at before.
local found_lost, sought_lost = P .. 'lost', P .. 'lost:sought'
if #lost > 0 then call('SADD', found_lost, unpack(lost)) end
local function free_lanes()
  local cursor = call('HGET', META, 'lost_cursor') or '0'
  if cursor == '0' and call('EXISTS', found_lost) == 1 then call('RENAME', found_lost, sought_lost) end
  local page = call('HSCAN', P .. 'lanes', cursor, 'COUNT', 2000)
  for index = 1, #page[2], 2 do
    local game, head = page[2][index], string.match(page[2][index + 1], '^[ad] (%S+)')
    -- A record made anew meanwhile is another job's, behind this head.
    if head and call('SISMEMBER', sought_lost, head) == 1 and not call('ZSCORE', P .. 'lease', head)
      and not call('ZSCORE', P .. 'delay', head) then
      forget_lost(head)
      advance(game, node)
    end
  end
  if page[1] == '0' then call('DEL', sought_lost) end
  call('HSET', META, 'lost_cursor', page[1])
end
if call('EXISTS', found_lost, sought_lost) > 0 then free_lanes() end

-- What is kept for a time only is looked for by one worker for all.
local retention_ms = tonumber(retention_ms_text)
if now - swept_at >= math.min(60000, retention_ms / 10) or now < swept_at then
  -- Workers that were killed leave their names behind.
  for _, dead in ipairs(call('ZRANGEBYSCORE', P .. 'workers', '-inf', now - 600000, 'LIMIT', 0, most)) do
    local home = call('HGET', P .. 'worker_nodes', dead)
    if home then call('SREM', P .. 'workers:' .. home, dead) end
    forget_idle(dead, home)
    call('HDEL', P .. 'worker_nodes', dead)
    call('ZREM', P .. 'workers', dead)
  end

  -- As long as there is more, the next call goes on.
  local has_more = can_publish() and trim_results(4 * most)
  local oldest_kept = string.format('%d', math.max(0, now - retention_ms))
  -- It takes whole nodes of a stream, so it may stop before the limit.
  local trimmed = redis.pcall('XTRIM', P .. 'events', 'MINID', '~', oldest_kept, 'LIMIT', 1000)
  if type(trimmed) == 'number' and trimmed > 500 then has_more = true end
  -- A letter may have 64 KiB, and its bytes are counted.
  local letters = redis.pcall('XRANGE', P .. 'dead', '-', '(' .. oldest_kept, 'COUNT', 32)
  if not letters.err then
    for _, entry in ipairs(letters) do forget_letter(entry) end
    if #letters == 32 then has_more = true end
  end
  if not has_more then swept_at = now end
  -- Lanes deleted by hand leave the window's count too high. With no lane left but the field that is no game's, there
  -- are no jobs.
  if call('HLEN', P .. 'lanes') <= 1 and next(dirty_lanes) == nil then live = 0 end
end

-- What has moved may have been the first. What may not be taken back yet is due when it may be.
if next_retry and next_retry <= now then next_retry = first_of('delay') end
if has_lapsed then next_lease = first_of('lease') end
if next_lease then next_lease = math.max(next_lease, resumed_at + lease_ms) end
local next_due = math.min(next_retry or math.huge, next_lease or math.huge)
next_due = next_due < math.huge and math.max(0, next_due - now) or -1

write_ready()
-- A lost ring is made good here: whoever sees that there is work looks for it.
local function may_have_work()
  for index = 9, #ARGV do
    local queue = ARGV[index]
    local lists = { P .. 'inbox:' .. queue, P .. 'queue:' .. queue }
    for _, class in ipairs({ 'stop', 'start' }) do
      lists[#lists + 1] = P .. 'ready:' .. class .. ':' .. queue
      lists[#lists + 1] = P .. 'ready:' .. class .. ':' .. queue .. ':' .. node
    end
    if call('EXISTS', unpack(lists)) > 0 then return 1 end
  end
  return 0
end

return { due, reclaimed, poisoned, next_due, may_have_work(), must_tell and 1 or 0 }

-- Purpose: how a function wakes an idle worker.
-- A worker with free capacity is in the idle set of each of its ready lists: `{ns}:idle:` and the name
-- of the list behind `ready:`.

local workers = {}

-- Wakes a living worker by its doorbell. Returns whether the worker lives.
function workers.ring(c, worker, word)
  local alive_until = tonumber(call('ZSCORE', c.prefix .. 'workers', worker) or 0)
  if alive_until <= c.now and word ~= 'cancel' then return false end
  local bell = c.prefix .. 'doorbell:' .. worker
  -- A few unread words are enough, except for the cancellation of a job.
  if word == 'cancel' or call('LLEN', bell) < 4 then
    call('RPUSH', bell, word)
    call('PEXPIRE', bell, 60000)
  end
  return true
end

-- Wakes one idle worker for a list, named without `ready:`. Only a few are tried, because workers also look by
-- themselves.
function workers.wake(c, list)
  for _ = 1, 4 do
    local worker = call('SPOP', c.prefix .. 'idle:' .. list)
    if not worker or workers.ring(c, worker, 'ready') then return end
  end
end

-- Purpose: the one piece that puts jobs at the end of their lanes, and lets a stop make earlier starts pointless.
-- Keys: those of clock.lua.
-- Arguments: none of its own.
-- Answers: none of its own; place.
-- One step because: an admission number, the lane and the mark of a stop must not be torn apart.

-- The waiting head of the lane may have become pointless, or a running one is to be cancelled.
local function supersede(game, marks, here)
  below[game] = seq
  call('HSET', P .. 'superseded', game, seq)
  local lane = lane_of(game)
  write_fresh(lane.head)
  local job = job_of(lane.head)
  if not job or not STARTS[job.kind] then return end
  if lane.state == 'a' then
    if job.worker and string.find(marks, 'c', 1, true) then
      call('HSET', P .. 'job:' .. lane.head, '_cancel', '1')
      call('RPUSH', P .. 'bell:' .. job.worker, 'cancel')
      call('PEXPIRE', P .. 'bell:' .. job.worker, 60000)
    end
    return
  end
  if lane.state == 'd' then call('ZREM', P .. 'delay', lane.head) else unready(game) end
  settle(game, lane.head, here)
  -- It may be older than what is held of its list.
  write_ready()
end

-- `job` has id, kind, game, message, queue, marks, digest and run, and where the message has them deadline (ms),
-- enqueued_at and traceparent, else empty texts. `here` is the node of the calling worker.
local function place(job, here)
  seq = seq + 1
  job.number = string.format('%d', seq)
  if not lane_of(job.game) then
    live = live + 1
    -- It may be claimed by this very call, and is written once then.
    fresh[job.id] = job
    return make_ready(job.game, job.id, here, job.kind, job.queue, job.number)
  end
  write_job(job, 'waiting')
  alone[job.game] = nil
  if call('RPUSH', P .. 'lane:' .. job.game, job.id) < MOST_COUNTED then live = live + 1 end
  local deadline = tonumber(job.deadline)
  if string.find(job.marks, 's', 1, true) and not (deadline and deadline < now) then
    supersede(job.game, job.marks, here)
  end
end

-- Purpose: leases the heads of ready lanes to a worker.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, nonce of the worker, lease in ms, most starts, most stops and removes, games
--   that the node may run (0: no bound), then the queues in order of priority.
-- Answers: the sum of 1 where stops or removes wait that the worker had no place for, and 2 where starts do; then the jobs: the time of the claim,
--   RFC 3339, and one array per job: id, token, attempt, queue, message, for a restart what the game's last successful
--   start asked for (else empty), run, and where only what an attempt before may have left
--   behind is to be undone 1 (a stop has made the job pointless) or 2 (it has killed too many workers), else 0; digest.
-- One step because: a head that is taken off its ready list must be under lease, or it would be lost
--   with the worker.
look(ARGV[1], ARGV[2], 8, #ARGV)
local jobs, waiting = claim(ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]))
return { waiting, jobs }

-- Purpose: ends jobs that a worker has run: result, idempotency record, owner, next of the lane.
-- Keys: 1 {ns}:meta.
-- Arguments: worker, node, then per job: id, token, what
--   becomes of the owner ("keep", "clear", or "undo": clear it where this job made it), "keep" or "free" the place on
--   the node, what the game runs from now on (for a later restart), the container that it has started and the mark of
--   its run (for the listener, as tell's "begun"), kind, game, outcome, error code, sentence, run and digest, then the number of
--   the texts that follow: names and values of the result in turn, the last of them "finished_at" and an empty text in
--   place of the time. What there is not is empty; where the kind is, the job's message cannot be read any more, and
--   what is known of it here is taken.
-- Answers: 1 where next jobs of their games wait for a worker now, of which nobody is told, else 0; then per job "ok", "again" (it was ended by this token before: the first answer was lost) or "stale"
--   (the token was replaced: nothing was done).
-- Fails if no result can be published: then what was not ended before stays under lease, and is ended by another call.
-- One step because: the result must not be published without the job's end, and a worker that was
--   presumed dead must not end what another runs by now.
local worker, node = ARGV[1], ARGV[2]
local answers, games, named, bases = {}, {}, {}, {}

-- Where each job's arguments begin, and its game.
local base = 3
while base <= #ARGV do
  bases[#bases + 1] = base
  local game = ARGV[base + 8]
  if ARGV[base + 7] == '' then
    local job = job_of(ARGV[base])
    game = job and job.game or ''
  end
  games[#games + 1] = game
  base = base + 15 + ARGV[base + 14]
end

-- Why a job cannot be ended that its game's lane does not name as running under this token.
local function refusal(id, token)
  local record = call('HMGET', P .. 'job:' .. id, '_token', 'state')
  return record[1] == token and (record[2] == 'done' or record[2] == 'dead') and 'again' or 'stale'
end

-- What only the token's holder may change is looked at for all before anything is changed for one. The lane says who
-- runs its head, and one command reads many.
local active = #games > 0 and read('lanes', games)
for index, base in ipairs(bases) do
  local id, token = ARGV[base], ARGV[base + 1]
  if active[index + 1] ~= 'a ' .. id .. ' ' .. token then
    answers[index] = refusal(id, token)
  elseif named[id] then
    answers[index] = 'again'
  else
    answers[index], named[id] = 'ok', true
  end
end
fetch_ending(games)

local specs, freed, begun = {}, {}, {}
for index, answer in ipairs(answers) do
  if answer == 'ok' then
    local base = bases[index]
    local id, token, owner, kind, game = ARGV[base], ARGV[base + 1], ARGV[base + 2], ARGV[base + 7], ARGV[base + 8]
    local owns_game = owner == 'undo' and (job_of(id) or {}).owns == '1'
    local outcome, code, sentence, run = ARGV[base + 9], ARGV[base + 10], ARGV[base + 11], ARGV[base + 12]
    if kind == '' then
      game = end_job(id, worker, node, { outcome = outcome, code = code, error = sentence })
    else
      local last = base + 14 + ARGV[base + 14]
      ARGV[last] = now_rfc3339()
      local entry = publish(ARGV, base + 15, last)
      local state = end_live(id, kind, run ~= '' and run, outcome, code ~= '' and code, sentence)
      keep_record(id, entry, ARGV[base + 13], state, token, ARGV, base + 15, last)
    end
    if owner == 'clear' or owns_game then set_owner(game, false) end
    -- Kept as long as the game has an owner, and for the retention after that.
    if ARGV[base + 4] ~= '' then
      specs[#specs + 1] = P .. 'spec:' .. game
      specs[#specs + 1] = ARGV[base + 4]
    end
    if owner == 'clear' then call('PEXPIRE', P .. 'spec:' .. game, retention_ms_text) end
    if ARGV[base + 3] == 'free' then freed[#freed + 1] = game end
    if ARGV[base + 5] ~= '' then
      begun[#begun + 1] = ARGV[base + 5]
      begun[#begun + 1] = ARGV[base + 6]
    end
    advance(game, node)
  end
end
if #specs > 0 then call('MSET', unpack(specs)) end
if #freed > 0 then call('SREM', P .. 'running:' .. node, unpack(freed)) end
note_begun(node, begun)
table.insert(answers, 1, next(ready) and 1 or 0)
return answers

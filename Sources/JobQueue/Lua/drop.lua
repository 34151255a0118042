-- Purpose: an operator is done with a dead message: it is forgotten, its result and the record of its id stay.
-- Keys: 1 {ns}:meta, 2 {ns}:dead.
-- Arguments: id of the entry.
-- Answers: "ok", or "gone" where it is there no more.
-- One step because: the record says "dead" exactly as long as the entry is there.
local entry = call('XRANGE', KEYS[2], ARGV[1], ARGV[1])[1]
if not entry then return 'gone' end
forget_letter(entry)
return 'ok'

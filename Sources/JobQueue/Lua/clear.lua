-- Purpose: an operator is done with all dead messages up to one.
-- Keys: 1 {ns}:meta, 2 {ns}:dead.
-- Arguments: id of the last entry, most entries to drop in this call.
-- Answers: how many were dropped; 0 where none is left.
-- One step because: each record says "dead" exactly as long as its entry is there.
local entries = call('XRANGE', KEYS[2], '-', ARGV[1], 'COUNT', tonumber(ARGV[2]))
for _, entry in ipairs(entries) do forget_letter(entry) end
return #entries

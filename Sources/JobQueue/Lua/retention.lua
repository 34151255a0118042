-- Purpose: whether results can be published, and how long results and the records of their ids are kept.

local retention = {}

-- Returns whether results can be published. If not, `claim` and `sweep` try to end jobs again later.
function retention.can_publish(c)
  return type(redis.pcall('XLEN', c.prefix .. 'results')) == 'number'
end

-- Returns whether the record of an id outlives its result. A signed message may be pushed again as long as its
-- signature is valid, and may be dated a minute ahead.
local function outlives(c, id, entry)
  local signed_ms = context.settings(c).signed_ms
  return signed_ms > 0 and string.sub(id, 1, 8) ~= 'invalid:'
    and tonumber(string.match(entry, '^(%d+)')) > c.now - signed_ms - 60000
end

-- Deletes the record of a result. A record of a live job or of a later run stays.
local function forget_record(c, entry)
  local result = letters.read(entry[2])
  local key = c.prefix .. 'job:' .. (result.job_id or '')
  local record = redis.pcall('HMGET', key, '_job', '_result')
  if record.err or record[1] or outlives(c, result.job_id or '', entry[1]) then return end
  if not record[2] or string.match(record[2], '^%S+') == entry[1] then call('DEL', key) end
end

-- Deletes up to `most` of the oldest results and their records, if there are too many or if they are too old. Returns
-- whether there may be more to delete.
function retention.trim(c, most)
  local settings, stream = context.settings(c), c.prefix .. 'results'
  local surplus = call('XLEN', stream) - settings.retention_entries
  local oldest_kept = c.now - settings.retention_ms
  local function is_kept(entry, index)
    return index > surplus and tonumber(string.match(entry[1], '^(%d+)')) > oldest_kept
  end
  -- Usually the time of the oldest result, as it was last read, is enough.
  if surplus <= 0 and c.oldest_at > oldest_kept then return false end
  local oldest = call('XRANGE', stream, '-', '+', 'COUNT', most)
  for index, entry in ipairs(oldest) do
    if is_kept(entry, index) then
      context.set(c, 'oldest_at', tonumber(string.match(entry[1], '^(%d+)')))
      return false
    end
    forget_record(c, entry)
    call('XDEL', stream, entry[1])
  end
  return #oldest == most
end

-- Writes what changes of series, of each all or nothing: where an open chunk is neither as it was read nor as it becomes, this
-- comes late, and nothing more is written. Done again it changes nothing. KEYS: 3 the subjects, then of each series its chunks and
-- the names of its subject's. ARGV, of each: 6 the subject, 7 the name, 8 how its open chunk began (empty: there was none), 9 how it
-- begins now (empty: there is none), 10 how many words follow, 11 on: fields and data in turn.
local at = 6
for k = 4, #KEYS, 2 do
  local chunks, count = KEYS[k], tonumber(ARGV[at + 4])
  local is = string.sub(redis.call('HGET', chunks, 'open') or '', 1, 6)
  if is == ARGV[at + 2] then
    for i = at + 5, at + 4 + count, 2 do redis.call('HSET', chunks, ARGV[i], ARGV[i + 1]) end
    if ARGV[at + 3] == '' then redis.call('HDEL', chunks, 'open') end
    redis.call('SADD', KEYS[k + 1], ARGV[at + 1])
    redis.call('SADD', KEYS[3], ARGV[at])
  elseif is ~= ARGV[at + 3] then
    return {'changed'}
  end
  at = at + 5 + count
end
return done()

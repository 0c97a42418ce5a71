-- Drops chunks of series, and the series that have no more. Nothing here needs memory. KEYS: 3 the subjects, then of each series its
-- chunks and the names of its subject's. ARGV, of each: 6 the subject, 7 the name, 8 how many fields follow, 9 on: these.
local at = 6
for k = 4, #KEYS, 2 do
  local chunks, names, count = KEYS[k], KEYS[k + 1], tonumber(ARGV[at + 2])
  for i = at + 3, at + 2 + count do redis.call('HDEL', chunks, ARGV[i]) end
  if redis.call('EXISTS', chunks) == 0 then
    redis.call('SREM', names, ARGV[at + 1])
    if redis.call('EXISTS', names) == 0 then redis.call('SREM', KEYS[3], ARGV[at]) end
  end
  at = at + 3 + count
end
return done()

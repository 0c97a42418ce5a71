-- Takes messages that are not there yet. KEYS: 3 the messages, 4 when they are due, 5 the dead ones. ARGV: 6 on: id, message,
-- when it is due (empty: it is dead) and when it was made, in turn.
for i = 6, #ARGV, 4 do
  if redis.call('HSETNX', KEYS[3], ARGV[i], ARGV[i + 1]) == 1 then
    if ARGV[i + 2] == '' then
      redis.call('ZADD', KEYS[5], ARGV[i + 3], ARGV[i])
    else
      redis.call('ZADD', KEYS[4], ARGV[i + 2], ARGV[i])
    end
  end
end
return done()

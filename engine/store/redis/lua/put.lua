-- Writes a message that is there. KEYS: 3 the messages, 4 when they are due, 5 the dead ones. ARGV: 6 id, 7 message, 8 when it
-- is due (empty: it is dead), 9 when it was made.
if redis.call('HEXISTS', KEYS[3], ARGV[6]) == 0 then return {'gone'} end
redis.call('HSET', KEYS[3], ARGV[6], ARGV[7])
if ARGV[8] == '' then
  redis.call('ZADD', KEYS[5], ARGV[9], ARGV[6])
  redis.call('ZREM', KEYS[4], ARGV[6])
else
  redis.call('ZADD', KEYS[4], ARGV[8], ARGV[6])
  redis.call('ZREM', KEYS[5], ARGV[6])
end
return done()

-- Forgets a message. KEYS: 3 the messages, 4 when they are due, 5 the dead ones. ARGV: 6 id.
redis.call('HDEL', KEYS[3], ARGV[6])
redis.call('ZREM', KEYS[4], ARGV[6])
redis.call('ZREM', KEYS[5], ARGV[6])
return done()

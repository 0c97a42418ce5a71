-- Forgets a message. ARGV: 6 id.
local number = number_of(ARGV[6])
if number then
  redis.call('HDEL', KEYS[3], ARGV[6])
  redis.call('ZREM', KEYS[4], number .. ' ' .. ARGV[6])
  redis.call('ZREM', KEYS[5], number .. ' ' .. ARGV[6])
end
return done()

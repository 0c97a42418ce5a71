-- Gives the lease back, where it is the writer's (ARGV 6).
if redis.call('HGET', lease, 'holder') == ARGV[6] then redis.call('DEL', lease) end
return done()

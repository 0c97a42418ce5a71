-- Puts a core that was made ready (KEYS 3) in the place of the one that is, whose generation is left then (KEYS 4). ARGV: 6 the
-- new generation, 7 on: what the marks of the core were when that was begun. Whoever led does so no longer. Done again it does
-- nothing.
if now[1] == ARGV[6] then return done() end
for i, is in ipairs(redis.call('HMGET', core, 'generation', 'epoch', 'seq', 'turns', 'audit', 'message', 'posted')) do
  if (is or '') ~= ARGV[6 + i] then return {'changed'} end
end
local epoch = string.format('%.0f', math.max(number(now[2]), number(ARGV[3]), number(redis.call('TIME')[1])) + 1)
local seq = math.max(number(now[3]), number(ARGV[4]), 1) + 1 -- above all in it
redis.call('HSET', KEYS[3], 'generation', ARGV[6], 'epoch', epoch, 'seq', seq,
  'turns', math.max(number(now[4]), number(ARGV[5])) + 1, 'rebuilt_epoch', epoch)
redis.call('RENAME', KEYS[3], core)
redis.call('SET', KEYS[4], now[1] or '')
redis.call('DEL', lease)
return done()

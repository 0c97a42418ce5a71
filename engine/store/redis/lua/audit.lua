-- Appends to the audit log. KEYS: 3 the log. ARGV: 6 nonce, 7 how much is kept, 8 on: the entries.
if field('nonce') == ARGV[6] then return done() end
redis.call('HSET', core, 'nonce', ARGV[6])
for i = 8, #ARGV do append(KEYS[3], ARGV[7], ARGV[i]) end
return done()

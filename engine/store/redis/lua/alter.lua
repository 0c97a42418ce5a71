-- Changes who may use the API, or the policies that came by it. KEYS: 3 the audit log. ARGV: 6 nonce, 7 turns as it was when what
-- is changed was read, 8 how much of the audit log is kept, 9 the entry in it, 10 how many words follow of what is set, 11 on:
-- fields and values in turn, then the fields that go.
if field('nonce') == ARGV[6] then return done() end
if number(now[4]) ~= number(ARGV[7]) then return {'turned'} end -- since; or this was on its way for long
local last = 10 + tonumber(ARGV[10])
redis.call('HINCRBY', core, 'turns', 1)
redis.call('HSET', core, 'nonce', ARGV[6])
for i = last + 1, #ARGV do redis.call('HDEL', core, ARGV[i]) end
for i = 11, last, 2 do redis.call('HSET', core, ARGV[i], ARGV[i + 1]) end
append(KEYS[3], ARGV[8], ARGV[9])
return done()

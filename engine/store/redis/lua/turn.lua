-- Turns a switch, or begins or ends a pause. KEYS: 3 the audit log. ARGV: 6 nonce, 7 the field, 8 its value (empty: it goes),
-- 9 the value that it must have now (empty: any), 10 how much of the audit log is kept, 11 the entry in it.
if field('nonce') == ARGV[6] then return done() end
if number(now[4]) ~= number(ARGV[5]) then return {'turned'} end -- since the writer looked; or this was on its way for long
if ARGV[9] ~= '' and field(ARGV[7]) ~= ARGV[9] then return {'turned'} end
redis.call('HINCRBY', core, 'turns', 1)
redis.call('HSET', core, 'nonce', ARGV[6])
if ARGV[8] == '' then
  redis.call('HDEL', core, ARGV[7])
else
  redis.call('HSET', core, ARGV[7], ARGV[8])
end
append(KEYS[3], ARGV[10], ARGV[11])
return done()

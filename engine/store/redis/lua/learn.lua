-- Keeps revisions that are not known yet. KEYS: 3 the revisions. ARGV: 6 on: ids and revisions in turn.
for i = 6, #ARGV, 2 do redis.call('HSETNX', KEYS[3], ARGV[i], ARGV[i + 1]) end
return done()

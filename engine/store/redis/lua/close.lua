-- Writes how an event ended. KEYS: 3 ended events, 4 what they span, 5 the audit log. ARGV: 6 nonce, 7 subject, 8 state, 9 the
-- event's id, 10 the event, 11 when it began, and ended, and whose it is, 12 how much of the audit log is kept, 13 its entry
-- in the audit log, 14 the id of another intent that the state has (empty: none), 15 the intent, 16 its entry.
local nonce, subject, id, log, keep = ARGV[6], ARGV[7], ARGV[9], KEYS[5], ARGV[12]
local known = sent(subject, nonce)
if known == 'there' then return done() end
if known then return {known} end
if ARGV[14] ~= '' and redis.call('HEXISTS', KEYS[4], ARGV[14]) == 1 then return {'ended'} end

remember(subject, ARGV[8], nonce)
local before = redis.call('HGET', KEYS[4], id)
local event = string.match(before or field('open:' .. id) or '', '^%d+') or redis.call('HINCRBY', core, 'event', 1)
redis.call('HSET', KEYS[3], id, ARGV[10])
redis.call('HSET', KEYS[4], id, event .. ' ' .. ARGV[11])
redis.call('HDEL', core, 'open:' .. id)
if not before then append(log, keep, ARGV[13]) end
if ARGV[14] ~= '' then open(ARGV[14], ARGV[15], log, keep, ARGV[16]) end
return done()

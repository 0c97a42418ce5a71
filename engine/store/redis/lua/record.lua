-- Writes a decision. KEYS: 3 the newest records, 4 the records of rows, 5 what rows span, 6 what ended events span, 7 the audit
-- log. ARGV: 6 nonce, 7 subject, 8 state, 9 record, 10 the field of the policy's newest row, 11 what further holds must be
-- like (-: they begin a row), 12 when it was made, 13 the earliest end of a row that it can be counted in, 14 whose it is,
-- 15 how much of the audit log is kept, 16 the id of an intent (empty: none), 17 the intent, 18 its entry in the audit log.
local nonce, subject, like, at, id = ARGV[6], ARGV[7], ARGV[11], ARGV[12], ARGV[16]
local known = sent(subject, nonce)
if known == 'there' then return done() end
if known then return {known} end
if id ~= '' and redis.call('HEXISTS', KEYS[6], id) == 1 then return {'ended'} end

remember(subject, ARGV[8], nonce)
redis.call('HSET', KEYS[3], subject, ARGV[9])
if id ~= '' then open(id, ARGV[17], KEYS[7], ARGV[15], ARGV[18]) end

local row, first, last, count, tip = string.match(field(ARGV[10]) or '', '^(%d+) (%d+) (%d+) (%d+) (%S+)$')
if like ~= '-' and tip == like and ARGV[13] <= last and last <= at then
  count = count + 1
else
  row, first, count = redis.call('HINCRBY', core, 'row', 1), at, 1
  redis.call('HSET', KEYS[4], row, ARGV[9])
end
local span = first .. ' ' .. at .. ' ' .. count
redis.call('HSET', KEYS[5], row, span .. ' ' .. ARGV[14])
redis.call('HSET', core, ARGV[10], row .. ' ' .. span .. ' ' .. like)
return done()

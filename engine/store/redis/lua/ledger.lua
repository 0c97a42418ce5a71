-- What the scripts of the ledger have in common.
local function field(name) return redis.call('HGET', core, name) end

-- Appends to the audit log, which keeps some so many.
local function append(log, keep, entry)
  redis.call('XADD', log, 'MAXLEN', '~', keep, redis.call('HINCRBY', core, 'audit', 1) .. '-0', 'entry', entry)
end

-- Says of a write of a subject's, by its nonce, that it is there already ("there"), or that its writer has written a newer one
-- since ("late"): it was on its way for long.
local function sent(subject, nonce)
  local was = field('nonce:' .. subject)
  if was == nonce then return 'there' end
  local who, order = string.match(was or '', '^(%S+) (%d+)$')
  local by, n = string.match(nonce, '^(%S+) (%d+)$')
  return who == by and tonumber(n) < tonumber(order) and 'late'
end

local function remember(subject, state, nonce)
  local seq = redis.call('HINCRBY', core, 'seq', 1)
  redis.call('HSET', core, 'state:' .. subject, state, 'written:' .. subject, seq, 'nonce:' .. subject, nonce)
end

-- Writes an intent. Where it is new, it is in the audit log.
local function open(id, intent, log, keep, entry)
  local was = field('open:' .. id)
  local event = was and string.match(was, '^%d+') or redis.call('HINCRBY', core, 'event', 1)
  redis.call('HSET', core, 'open:' .. id, event .. ' ' .. intent)
  if not was then append(log, keep, entry) end
end

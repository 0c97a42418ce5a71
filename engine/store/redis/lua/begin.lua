-- Every write begins with this. KEYS: the core, the lease, then the script's own. ARGV: the generation of the keys, the epoch
-- that the writer leads with (-1: it need not), the epoch, seq and turns that it has seen, then the script's own.
local core, lease = KEYS[1], KEYS[2]
local now = redis.call('HMGET', core, 'generation', 'epoch', 'seq', 'turns', 'rebuilt_epoch', 'epoch_seq')

local function number(field) return tonumber(field or '0') or 0 end

-- What seen.lacks says in Go.
local function lacks()
  local began = number(now[5]) > number(ARGV[3])
  return number(now[4]) < number(ARGV[5])
    or (not began and (number(now[2]) < number(ARGV[3]) or number(now[3]) < number(ARGV[4])
      or number(now[2]) > number(ARGV[3]) and number(now[6]) < number(ARGV[4])))
end

-- What a script answers: the core's marks first, for the writer to see.
local function done(...)
  return {'ok', redis.call('HMGET', core, 'generation', 'epoch', 'seq', 'turns', 'rebuilt_epoch', 'epoch_seq'), ...}
end

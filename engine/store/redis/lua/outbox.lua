-- What the scripts of the outbox have in common. KEYS: 3 the messages, 4 when they are due, 5 the dead ones. A message has its
-- number before it, and in the sets its number and its id: what is due at once is in the order in which it came.
local function number_of(id) return string.match(redis.call('HGET', KEYS[3], id) or '', '^%d+') end

-- due is when it is (empty: it is dead), made when it was made.
local function place(id, number, message, due, made)
  local member = number .. ' ' .. id
  redis.call('HSET', KEYS[3], id, number .. ' ' .. message)
  if due == '' then
    redis.call('ZADD', KEYS[5], made, member)
    redis.call('ZREM', KEYS[4], member)
  else
    redis.call('ZADD', KEYS[4], due, member)
    redis.call('ZREM', KEYS[5], member)
  end
end

-- Drops the oldest of the dead ones, where there are more than so many.
local function drop_dead(most)
  for _, member in ipairs(redis.call('ZRANGE', KEYS[5], 0, -1 - tonumber(most))) do
    redis.call('HDEL', KEYS[3], string.match(member, '^%d+ (.*)$'))
    redis.call('ZREM', KEYS[5], member)
  end
end

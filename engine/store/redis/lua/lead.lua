-- Takes the lease, or prolongs it. ARGV: 6 who asks, 7 by what name, 8 for how many milliseconds (0: only the core is made,
-- where there is none), 9 the generation of a core that has to be made, 10 the version of the layout, 11 the time in nanoseconds,
-- 12 the switch as it was last seen (empty: it was not), 13 whether the rest that people turned was (0: it was not; 1: it
-- follows; 2: it does when it is asked for), 14 on: fields and values of that in turn.
-- Answers "tell", and has written nothing, where it asks for that; else whether the store was begun anew at this epoch, whether
-- the lease is the writer's, whose it is, and the epoch.
if now[1] and now[1] ~= ARGV[1] then return {'moved'} end
local begins = not now[1] or lacks()
local held = redis.call('HMGET', lease, 'holder', 'name', 'epoch')
local wants = ARGV[8] ~= '0'
if not begins and (not wants or held[1] and held[1] ~= ARGV[6]) then return done(0, 0, held[2], held[3]) end
if not begins and held[1] and held[3] == now[2] then
  redis.call('PEXPIRE', lease, ARGV[8])
  return done(now[5] == now[2] and 1 or 0, 1, held[2], held[3])
end

local lost = begins and number(now[4]) < number(ARGV[5]) -- the core lacks what people turned
if lost and ARGV[13] == '2' then return {'tell'} end

local epoch = string.format('%.0f', math.max(number(now[2]), number(ARGV[3]), number(redis.call('TIME')[1])) + 1)
redis.call('HSET', core, 'epoch', epoch, 'epoch_seq', number(now[3]),
  'version', math.max(number(redis.call('HGET', core, 'version')), number(ARGV[10])))
if begins then
  local seq = math.max(number(now[3]), number(ARGV[4])) + 1
  local rebuilt = redis.call('HGET', core, 'rebuilt') or ARGV[11]
  if rebuilt < ARGV[11] then rebuilt = ARGV[11] end
  redis.call('HSET', core, 'generation', now[1] or ARGV[9], 'rebuilt', rebuilt, 'rebuilt_epoch', epoch,
    'rebuilt_seq', seq, 'seq', seq, 'epoch_seq', seq, 'turns', math.max(number(now[4]), number(ARGV[5])) + 1)
  if lost and ARGV[13] == '1' then
    local turned = {pause = true, token = true, user = true, document = true}
    for _, field in ipairs(redis.call('HKEYS', core)) do
      if turned[string.match(field, '^(%l+):')] then redis.call('HDEL', core, field) end
    end
    for i = 14, #ARGV, 2 do redis.call('HSET', core, ARGV[i], ARGV[i + 1]) end
    if ARGV[12] ~= '' then redis.call('HSET', core, 'switch', ARGV[12]) end
  end
end
if wants then
  redis.call('HSET', lease, 'holder', ARGV[6], 'name', ARGV[7], 'epoch', epoch)
  redis.call('PEXPIRE', lease, ARGV[8])
end
return done(begins and 1 or 0, wants and 1 or 0, ARGV[7], epoch)

-- Takes messages that are not there yet. ARGV: 6 how many dead ones are kept, 7 up to which entry of the audit log they were made
-- (0: of none), 8 on: id, message, when it is due and when it was made, in turn.
for i = 8, #ARGV, 4 do
  if not number_of(ARGV[i]) then
    local number = string.format('%016d', redis.call('HINCRBY', core, 'message', 1))
    place(ARGV[i], number, ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
  end
end
drop_dead(ARGV[6])
if number(ARGV[7]) > number(redis.call('HGET', core, 'posted')) then redis.call('HSET', core, 'posted', ARGV[7]) end
return done()

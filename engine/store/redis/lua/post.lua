-- Takes messages that are not there yet. ARGV: 6 on: id, message, when it is due and when it was made, in turn.
for i = 6, #ARGV, 4 do
  if not number_of(ARGV[i]) then
    local number = string.format('%016d', redis.call('HINCRBY', core, 'message', 1))
    place(ARGV[i], number, ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
  end
end
return done()

-- Writes a message that is there. ARGV: 6 how many dead ones are kept, 7 id, 8 message, 9 when it is due, 10 when it was made.
local number = number_of(ARGV[7])
if not number then return {'gone'} end
place(ARGV[7], number, ARGV[8], ARGV[9], ARGV[10])
drop_dead(ARGV[6])
return done()

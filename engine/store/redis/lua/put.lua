-- Writes a message that is there. ARGV: 6 id, 7 message, 8 when it is due, 9 when it was made.
local number = number_of(ARGV[6])
if not number then return {'gone'} end
place(ARGV[6], number, ARGV[7], ARGV[8], ARGV[9])
return done()

-- All but the one that takes the lease go on with this.
if not now[1] or lacks() then return {'lost'} end
if ARGV[2] ~= '-1' and number(now[2]) ~= number(ARGV[2]) then return {'fenced'} end
if now[1] ~= ARGV[1] then return {'moved'} end

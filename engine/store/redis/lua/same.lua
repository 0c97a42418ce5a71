-- Scripts that read from some keys of a generation begin with this. KEYS: 1 the core. ARGV: 1 the generation.
local generation = redis.call('HGET', KEYS[1], 'generation')
if generation and generation ~= ARGV[1] then return {'moved', generation} end

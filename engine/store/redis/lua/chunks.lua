-- Gives chunks of series, each as its field and its data in turn. KEYS: 2 on: those of the series. ARGV, of each: 2 whether the
-- open chunk is wanted (1), 3 and 4 the first and last time of what is wanted of full chunks, 5 and 6 of days (backwards: none).
local all = {'ok'}
for n = 2, #KEYS do
  local key, at = KEYS[n], 5 * (n - 2) + 2
  local first, last, from, to = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local found = {}
  local function give(field)
    local data = redis.call('HGET', key, field)
    if data then
      found[#found + 1] = field
      found[#found + 1] = data
    end
  end
  if ARGV[at] == '1' then give('open') end
  if first <= last or from <= to then
    for _, field in ipairs(redis.call('HKEYS', key)) do
      local kind, begins, length = string.match(field, '^([cd])(-?%d+)%+?(%d*)$')
      if kind == 'c' and tonumber(begins) <= last and tonumber(begins) + tonumber(length) >= first then give(field) end
      if kind == 'd' and tonumber(begins) >= from and tonumber(begins) <= to then give(field) end
    end
  end
  all[n] = found
end
return all

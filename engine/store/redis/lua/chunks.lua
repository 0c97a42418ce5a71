-- Gives chunks of series, each as its field and its data in turn. KEYS: those of the series. ARGV, of each: 1 whether the open
-- chunk is wanted (1), 2 and 3 the first and last time of what is wanted of full chunks, 4 and 5 of days (backwards: none).
local all = {}
for n, key in ipairs(KEYS) do
  local at = 5 * n - 4
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

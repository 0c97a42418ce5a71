-- Gives what there is of series: each field, and how long its data is, in turn; of the open chunk the data itself. KEYS: the
-- chunks of the series.
local all = {}
for n, key in ipairs(KEYS) do
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', key)) do
    found[#found + 1] = field
    found[#found + 1] = field == 'open' and redis.call('HGET', key, field) or redis.call('HSTRLEN', key, field)
  end
  all[n] = found
end
return all

-- Gives the names of the series of a subject. KEYS: 2 the set of them.
return {'ok', redis.call('SMEMBERS', KEYS[2])}

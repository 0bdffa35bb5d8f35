-- Read fields of many hashes in one reply; a pipeline of as many commands would cost the worker a reply for each.
--
-- KEYS[1]  ledger  hash: only for its slot
-- ARGV[1]  prefix  of every key, with the partition's hash tag
-- ARGV[2]  asked   msgpack array of {suffix, {field …}}; no list is longer than unpack() can take
--
-- Returns a msgpack array with, for each of these, its values in order; false where there is none.
local prefix = ARGV[1]

local found = {}
for at, hash in ipairs(cmsgpack.unpack(ARGV[2])) do
  found[at] = redis.call('HMGET', prefix .. hash[1], unpack(hash[2]))
end
return cmsgpack.pack(found)

-- Apply a batch's effects and move the partition's offset, or write nothing.
--
-- KEYS[1]  ledger    hash: epoch, next
-- ARGV[1]  epoch     of the caller
-- ARGV[2]  expected  offset that the caller takes to be stored
-- ARGV[3]  next      offset to store
-- ARGV[4]  prefix    of every key, with the partition's hash tag: <namespace>:<stage>:{<topic>:<partition>}:
-- ARGV[5…] parts     msgpack arrays of effects {name, suffix, list}; no list is longer than unpack() can take
--
-- Returns {outcome, value}:
--   applied  next offset    also when this very update was applied before and its reply was lost
--   fenced   owner's epoch  another worker took the partition after the caller
--   moved    stored offset  the ledger is elsewhere, perhaps restored from a backup
local ledger = KEYS[1]
local epoch, expected, next_offset, prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local FIRST_PART = 5

local effects = {}

function effects.sums(suffix, flat)
  for i = 1, #flat, 2 do
    local reply = redis.pcall('HINCRBY', prefix .. suffix, flat[i], flat[i + 1])
    if type(reply) == 'table' and reply.err then -- left 64 bits; an error here would leave half a batch
      local down = string.sub(flat[i + 1], 1, 1) == '-'
      redis.call('HSET', prefix .. suffix, flat[i], down and '-9223372036854775808' or '9223372036854775807')
    end
  end
end

function effects.maxima(suffix, flat)
  local names, higher = {}, {}
  for i = 1, #flat, 2 do names[#names + 1] = flat[i] end
  for i, stored in ipairs(redis.call('HMGET', prefix .. suffix, unpack(names))) do
    if not stored or tonumber(stored) < tonumber(flat[2 * i]) then
      higher[#higher + 1], higher[#higher + 2] = names[i], flat[2 * i]
    end
  end
  if #higher > 0 then redis.call('HSET', prefix .. suffix, unpack(higher)) end
end

function effects.set(suffix, flat)
  redis.call('HSET', prefix .. suffix, unpack(flat))
end

function effects.set_each(_, triples) -- suffix, field, value
  for i = 1, #triples, 3 do redis.call('HSET', prefix .. triples[i], triples[i + 1], triples[i + 2]) end
end

function effects.unset(suffix, names)
  redis.call('HDEL', prefix .. suffix, unpack(names))
end

function effects.set_strings(_, flat)
  for i = 1, #flat, 2 do redis.call('SET', prefix .. flat[i], flat[i + 1], 'KEEPTTL') end
end

function effects.append_strings(_, flat)
  for i = 1, #flat, 2 do redis.call('APPEND', prefix .. flat[i], flat[i + 1]) end
end

function effects.memberships(suffix, triples) -- member, since or false, horizon
  local key = prefix .. suffix
  for i = 1, #triples, 3 do
    local member, since, horizon = triples[i], triples[i + 1], triples[i + 2]
    if since then
      local known = redis.call('ZSCORE', key, member)
      if not known or tonumber(known) < horizon then redis.call('ZADD', key, since, member) end
    else
      redis.call('ZREM', key, member)
    end
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. string.format('%.0f', triples[#triples]))
end

function effects.outbox(suffix, records)
  redis.call('RPUSH', prefix .. suffix, unpack(records))
end

function effects.ttl(_, flat)
  for i = 1, #flat, 2 do redis.call('EXPIRE', prefix .. flat[i], flat[i + 1]) end
end

local stored = redis.call('HMGET', ledger, 'epoch', 'next')
local owner, at = stored[1] or '0', stored[2] or '0'
if tonumber(owner) > tonumber(epoch) then return {'fenced', owner} end
if owner ~= epoch then return {'moved', at} end
if at ~= expected then
  if at == next_offset then return {'applied', at} end
  return {'moved', at}
end
for part = FIRST_PART, #ARGV do
  for _, effect in ipairs(cmsgpack.unpack(ARGV[part])) do effects[effect[1]](effect[2], effect[3]) end
end
redis.call('HSET', ledger, 'next', next_offset)
return {'applied', next_offset}

-- Remove the oldest records of the outbox, once Kafka has acknowledged them.
--
-- KEYS[1]  ledger  hash: epoch, next
-- KEYS[2]  outbox  list
-- ARGV[1]  epoch   of the caller
-- ARGV[2]  count   records to remove
--
-- Returns {'trimmed', epoch} or {'fenced', owner's epoch}.
local ledger, outbox = KEYS[1], KEYS[2]
local epoch, count = ARGV[1], tonumber(ARGV[2])

local owner = redis.call('HGET', ledger, 'epoch') or '0'
if owner ~= epoch then return {'fenced', owner} end
if count > 0 then redis.call('LTRIM', outbox, count, -1) end
return {'trimmed', epoch}

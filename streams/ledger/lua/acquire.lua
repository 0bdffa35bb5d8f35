-- Take a partition: give it a new epoch and return its stored offset.
-- An epoch is the time in milliseconds, or one more than the last if that is higher: it stays unique when Redis comes
-- back from a backup that has forgotten the last owners.
--
-- KEYS[1]  ledger  hash: epoch, next
--
-- Returns {epoch, next offset}; 0 where nothing was stored yet.
local ledger = KEYS[1]

local stored = redis.call('HMGET', ledger, 'epoch', 'next')
local clock = redis.call('TIME')
local now_ms = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local epoch = math.max(now_ms, tonumber(stored[1] or '0') + 1)
redis.call('HSET', ledger, 'epoch', string.format('%.0f', epoch))
return {string.format('%.0f', epoch), stored[2] or '0'}

-- Deletes dead letters by their IDs and returns how many it deleted.
local removed = 0
for _, dead in ipairs(ARGV) do
    local id = redis.call('HGET', KEYS[2], dead)
    if id then
        removed = removed + redis.call('XDEL', KEYS[1], id)
        redis.call('HDEL', KEYS[2], dead)
    end
end
return removed

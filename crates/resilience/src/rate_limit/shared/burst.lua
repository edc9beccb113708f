-- A limit with separate burst and rate: GCRA in one atomic step, by the clock of the server.
-- KEYS[1]: the theoretical arrival time of the next unit, in microseconds since 1970.
-- ARGV: units of a burst, microseconds per unit, maximum of requested units.
-- Returns: granted units, remaining units, microseconds until one unit is available, and until all are.
local burst, interval, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local tolerance = burst * interval
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
-- If the clock was set back, a caller waits for at most one burst.
arrival = math.min(arrival, now + tolerance)

local left = math.floor((now + tolerance - arrival) / interval)
local granted = math.max(0, math.min(wanted, left))
if granted > 0 then
    arrival = arrival + granted * interval
    left = left - granted
    local ttl = math.ceil((arrival - now) / 1000) + 1
    redis.call('SET', KEYS[1], string.format('%.0f', arrival), 'PX', string.format('%.0f', ttl))
end

local wait = 0
if left < 1 then
    wait = arrival + interval - (now + tolerance)
end
return { granted, left, math.ceil(wait), math.ceil(arrival - now) }

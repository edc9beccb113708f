-- A sliding window in 64 slices, in one atomic step, by the clock of the server. A slice counts until all
-- of it is outside of the window, so no window exceeds the limit. A key with constant demand gets 64/65
-- of the limit.
-- KEYS[1]: a hash from the number of a slice to its units.
-- ARGV: limit, window in microseconds, maximum of requested units.
-- Returns: granted units, remaining units, microseconds until one unit is available, and until all are.
local limit, window, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local slices = 64
local width = math.max(1, math.floor(window / slices))
local current = math.floor(now / width)
local passed = now - current * width

local used, counts, last = 0, {}, nil
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
    local slice, count = tonumber(fields[i]), tonumber(fields[i + 1])
    local age = current - slice
    if age > slices then
        redis.call('HDEL', KEYS[1], fields[i])
    else
        -- If the clock was set back, slices of the future exist. They count as current.
        age = math.max(age, 0)
        used = used + count
        counts[age] = (counts[age] or 0) + count
        last = last and math.min(last, age) or age
    end
end

local granted = math.max(0, math.min(wanted, limit - used))
if granted > 0 then
    redis.call('HINCRBY', KEYS[1], current, granted)
    redis.call('PEXPIRE', KEYS[1], math.ceil((window + width) / 1000) + 1)
    last = 0
end
used = used + granted

local wait = 0
if used > limit - 1 then
    -- The oldest slices expire first.
    local missing = used - (limit - 1)
    for age = slices, 0, -1 do
        local count = counts[age] or 0
        if age == 0 then count = count + granted end
        missing = missing - count
        if missing <= 0 then
            wait = (slices + 1 - age) * width - passed
            break
        end
    end
end
local reset = last and ((slices + 1 - last) * width - passed) or 0
return { granted, math.max(0, limit - used), math.ceil(wait), math.ceil(reset) }

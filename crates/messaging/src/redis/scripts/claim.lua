-- Claims messages for a session: first returned and expired ones, then new ones. If there are none,
-- it returns the entries after which to wait.
local active, wake = KEYS[1], KEYS[2]
local group, session, returned = ARGV[1], ARGV[2], ARGV[3]
local room, prefetch, lease = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local ordered, look_for_dead = ARGV[7] == 'group', ARGV[8] == 'dead'
local taken, free = {}, true

if ordered then
    local holder = redis.call('GET', active)
    free = not holder or holder == session
    if free then
        redis.call('SET', active, session, 'PX', lease)
    end
end

local function reclaim(index, stream, pending)
    for _, entry in ipairs(pending) do
        if room > 0 and entry[2] ~= session then
            local claimed = redis.call('XCLAIM', stream, group, session, 0, entry[1])
            if claimed[1] then
                taken[#taken + 1] = {index, entry[1], entry[4] + 1, claimed[1][2]}
                room = room - 1
            end
        end
    end
end

if free then
    for key = 3, #KEYS do
        local stream = KEYS[key]
        if room > 0 and ordered then
            -- No other session is active, so all other holders are dead.
            reclaim(key - 3, stream, redis.call('XPENDING', stream, group, '-', '+', room + prefetch))
        elseif room > 0 then
            reclaim(key - 3, stream, redis.call('XPENDING', stream, group, '-', '+', room, returned))
            if look_for_dead and room > 0 then
                local dead = redis.call('XPENDING', stream, group, 'IDLE', lease, '-', '+', room + prefetch)
                reclaim(key - 3, stream, dead)
            end
        end
    end
    for key = 3, #KEYS do
        if room > 0 then
            local read = redis.call('XREADGROUP', 'GROUP', group, session, 'COUNT', room, 'STREAMS', KEYS[key], '>')
            if read then
                for _, entry in ipairs(read[1][2]) do
                    taken[#taken + 1] = {key - 3, entry[1], 1, entry[2]}
                    room = room - 1
                end
            end
        end
    end
end

local seen = {}
if #taken == 0 then
    local last = redis.call('XREVRANGE', wake, '+', '-', 'COUNT', 1)
    seen[1] = last[1] and last[1][1] or '0-0'
    for key = 3, free and #KEYS or 0 do
        for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[key])) do
            local of = {}
            for field = 1, #info, 2 do
                of[info[field]] = info[field + 1]
            end
            if of['name'] == group then
                seen[#seen + 1] = of['last-delivered-id']
            end
        end
    end
end
return {taken, seen}

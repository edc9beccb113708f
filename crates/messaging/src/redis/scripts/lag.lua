-- Counts the messages that a group has not acknowledged.
local waiting = 0
for _, stream in ipairs(KEYS) do
    if redis.call('EXISTS', stream) == 1 then
        for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
            local of = {}
            for field = 1, #info, 2 do
                of[info[field]] = info[field + 1]
            end
            if of['name'] == ARGV[1] then
                waiting = waiting + of['pending']
                if of['lag'] then
                    waiting = waiting + of['lag']
                else
                    -- Redis returns no lag after deletions. The script then counts entries, up to a limit.
                    waiting = waiting + #redis.call('XRANGE', stream, '(' .. of['last-delivered-id'], '+', 'COUNT', 10000)
                end
            end
        end
    end
end
return waiting

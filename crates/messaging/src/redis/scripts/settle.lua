-- Acknowledges, returns or extends messages of a session, and ends a session that is over.
-- Returns how many of the entries to extend belong to another session.
local active, wake = KEYS[1], KEYS[2]
local lost = 0
local group, session, returned, act, lease, over = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6] == 'over'

for at = 7, #ARGV, 2 do
    local stream, id = KEYS[tonumber(ARGV[at]) + 3], ARGV[at + 1]
    if act == 'acknowledge' then
        redis.call('XACK', stream, group, id)
    else
        local pending = redis.call('XPENDING', stream, group, id, id, 1)
        -- Another session may have claimed it after its lease.
        if pending[1] and pending[1][2] == session then
            if act == 'extend' then
                redis.call('XCLAIM', stream, group, session, 0, id, 'JUSTID')
            else
                -- The next delivery adds one again, because a returned message does not count as
                -- delivered.
                local before = math.max(pending[1][4] - 1, 0)
                redis.call('XCLAIM', stream, group, returned, 0, id, 'RETRYCOUNT', before, 'JUSTID')
            end
        else
            lost = lost + 1
        end
    end
end

if redis.call('GET', active) == session then
    if over then
        redis.call('DEL', active)
    else
        redis.call('PEXPIRE', active, lease)
    end
end
if over then
    for key = 3, #KEYS do
        if #redis.call('XPENDING', KEYS[key], group, '-', '+', 1, session) == 0 then
            redis.call('XGROUP', 'DELCONSUMER', KEYS[key], group, session)
        end
    end
end
if over or act == 'give_back' then
    redis.call('XADD', wake, 'MAXLEN', 1, '*', 'by', session)
end
return act == 'extend' and lost or 0

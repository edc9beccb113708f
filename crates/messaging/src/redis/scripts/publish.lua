-- Appends each message to its stream. Returns for each: nothing, "unroutable", "deferred", or the
-- error of Redis.
-- A topic without a group stores nothing. A group that is created later starts at the end, so no
-- group would acknowledge the messages and no trim would remove them. Messages from earlier
-- versions are removed.
local answers, at, held = {}, 1, {}

local function is_subscribed(stream, group)
    if redis.call('EXISTS', stream) == 0 then
        return false
    end
    local groups = redis.pcall('XINFO', 'GROUPS', stream)
    if groups.err then
        return nil, groups.err
    end
    if group == '' then
        return #groups > 0
    end
    for _, info in ipairs(groups) do
        for field = 1, #info, 2 do
            if info[field] == 'name' and info[field + 1] == group then
                return true
            end
        end
    end
    return false
end

for key = 1, #KEYS, 2 do
    local stream, index = KEYS[key], KEYS[key + 1]
    local kind, limit, dead, group = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    local message_key, fields = ARGV[at + 4], tonumber(ARGV[at + 5])
    at = at + 6
    local answer, is_stored = '', true
    if message_key ~= '' and held[message_key] then
        answer = 'deferred'
    elseif kind ~= 'dead' then
        local subscribed, problem = is_subscribed(stream, group)
        if problem then
            answer = problem
        elseif not subscribed and (kind == 'required' or group ~= '') then
            answer = 'unroutable'
        elseif not subscribed then
            is_stored = false
            redis.call('UNLINK', stream)
        end
    end
    if answer == '' and is_stored then
        local command = {'XADD', stream}
        if limit ~= '' then
            command = {'XADD', stream, 'MAXLEN', '~', limit}
        end
        command[#command + 1] = '*'
        for field = at, at + fields - 1 do
            command[#command + 1] = ARGV[field]
        end
        local added = redis.pcall(unpack(command))
        if type(added) == 'table' and added.err then
            answer = added.err
        elseif kind == 'dead' then
            redis.call('HSET', index, dead, added)
        end
    end
    if answer ~= '' and message_key ~= '' then
        held[message_key] = true
    end
    answers[#answers + 1] = answer
    at = at + fields
end
return answers

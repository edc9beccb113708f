-- Appends each message to its stream. Answers for each: nothing, "unroutable", or what Redis says against it.
local answers, at = {}, 1
for key = 1, #KEYS, 2 do
    local stream, index = KEYS[key], KEYS[key + 1]
    local kind, limit, dead, fields = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    at = at + 4
    local answer = ''
    if kind == 'heard' then
        local groups = redis.call('EXISTS', stream) == 1 and redis.pcall('XINFO', 'GROUPS', stream) or {}
        if groups.err then
            answer = groups.err
        elseif #groups == 0 then
            answer = 'unroutable'
        end
    end
    if answer == '' then
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
    answers[#answers + 1] = answer
    at = at + fields
end
return answers

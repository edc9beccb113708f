-- Trims messages that all groups have acknowledged, and deletes inactive consumers without messages.
local group, session, max_idle = ARGV[1], ARGV[2], tonumber(ARGV[3])

local function map(flat)
    local of = {}
    for field = 1, #flat, 2 do
        of[flat[field]] = flat[field + 1]
    end
    return of
end

local function is_before(one, other)
    local a, b = one:match('^(%d+)-'), other:match('^(%d+)-')
    if a ~= b then
        return tonumber(a) < tonumber(b)
    end
    return tonumber(one:match('-(%d+)$')) < tonumber(other:match('-(%d+)$'))
end

for _, stream in ipairs(KEYS) do
    local keep = nil
    for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
        local of = map(info)
        local first = of['last-delivered-id']
        if of['pending'] > 0 then
            first = redis.call('XPENDING', stream, of['name'])[2]
        end
        if not keep or is_before(first, keep) then
            keep = first
        end
    end
    if keep then
        redis.call('XTRIM', stream, 'MINID', '~', keep)
    end
    for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
        local of = map(info)
        if of['name'] ~= session and of['pending'] == 0 and of['idle'] > max_idle then
            redis.call('XGROUP', 'DELCONSUMER', stream, group, of['name'])
        end
    end
end
return 1

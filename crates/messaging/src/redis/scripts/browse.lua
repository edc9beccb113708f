-- Returns the entries of a stream after an ID: at most ARGV[2], until they have ARGV[3] bytes.
local found, size, after = {}, 0, ARGV[1]
while #found < tonumber(ARGV[2]) and size < tonumber(ARGV[3]) do
    local entry = redis.call('XRANGE', KEYS[1], '(' .. after, '+', 'COUNT', 1)[1]
    if not entry then
        break
    end
    after = entry[1]
    for _, field in ipairs(entry[2]) do
        size = size + #field
    end
    found[#found + 1] = entry
end
return found

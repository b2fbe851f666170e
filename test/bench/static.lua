-- static.lua - asks for 20,000 different files in a scattered order.
local n = 0
request = function()
    n = (n + 7919) % 20000
    return wrk.format("GET", string.format("/many/%05d.txt", n))
end

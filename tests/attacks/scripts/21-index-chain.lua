-- ATTACK CPU: a chain of 30,000 tables by __index, looked up again and again (loops in C) | SAFE HOST: killed within the CPU limit or memory limit
-- SPDX-License-Identifier: MIT
local t = {}
for i = 1, 30000 do t = setmetatable({}, { __index = t }) end
while true do pcall(function() return t.x end) end

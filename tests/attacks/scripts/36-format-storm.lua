-- ATTACK CPU: string.format with fifty wide conversions in a loop | SAFE HOST: killed within the CPU limit or memory limit
-- SPDX-License-Identifier: MIT
local f, args = ("%99.99f"):rep(50), {}
for i = 1, 50 do args[i] = 1e308 end
while true do local s = f:format(table.unpack(args)) end

-- ATTACK CPU: next over a table of ever more dead keys, quadratic | SAFE HOST: killed within the CPU limit or memory limit
-- SPDX-License-Identifier: MIT
local t = {}
for i = 1, 50000 do t[i * 1.5] = true end
while next(t) do t[next(t)] = nil end

-- ATTACK CPU: a loop without a call, in a numeric for, in a goto and in a while | SAFE HOST: killed within the CPU limit
-- SPDX-License-Identifier: MIT
local n = 0
::again::
for i = 1, math.maxinteger do n = n ~ i end
while n do n = n + 1 end
goto again

-- ATTACK CPU: coroutines too short for a counting hook, made anew each time (each starts a fresh counter) | SAFE HOST: killed within the CPU limit, or a limit on coroutines
-- SPDX-License-Identifier: MIT
local n = 0
while true do
  local co = coroutine.wrap(function() for i = 1, 90 do n = n + i end end)
  co()
end

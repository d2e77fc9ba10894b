-- ATTACK CPU: error handlers that fail again, in nested coroutines | SAFE HOST: killed within the CPU limit
-- SPDX-License-Identifier: MIT
local function fail()
  return xpcall(error, function() return coroutine.wrap(function() return xpcall(error, function() while true do end end) end)() end)
end
while true do pcall(fail) end

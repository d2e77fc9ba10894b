-- ATTACK memory: __close variables by the hundred allocate while lack of memory unwinds the stack | SAFE HOST: ended: the memory limit is not catchable
-- SPDX-License-Identifier: MIT
local bag = {}
local closing = setmetatable({}, { __close = function() bag[#bag + 1] = ("y"):rep(100000) end })
local function deep(n)
  local c <close> = closing
  if n == 0 then while true do bag[#bag + 1] = ("z"):rep(100000) .. #bag end end
  return deep(n - 1) + 1
end
local ok = pcall(deep, 150)
host.log("BREACH out-of-memory was caught: " .. tostring(ok))

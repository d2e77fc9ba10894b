-- ATTACK memory safety: the collector at the edge of the cap, in a mixed load (emergency collections) | SAFE HOST: memory limit or killed within the CPU limit; worker may die, host must not
-- SPDX-License-Identifier: MIT
local keep, n = {}, 0
while true do
  n = n + 1
  keep[n % 4000] = setmetatable({ ("k"):rep(n % 3000) }, { __index = function() end, __newindex = keep })
  local co = coroutine.wrap(function(...) coroutine.yield({ ... }) end)
  keep["c" .. n % 2000] = co
  pcall(co, n, ("x"):rep(n % 2000), keep)
  keep["s" .. n] = n % 7 == 0 and ("s"):rep(500) .. n or nil
end

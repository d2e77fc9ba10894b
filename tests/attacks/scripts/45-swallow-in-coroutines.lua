-- ATTACK memory: each coroutine catches its own lack of memory, and the next begins | SAFE HOST: ended: the memory limit is not catchable
-- SPDX-License-Identifier: MIT
local kept = {}
for n = 1, 1e6 do
  local co = coroutine.wrap(function()
    local ok = pcall(function() local s = "x" while true do s = s .. s kept[#kept + 1] = s end end)
    if not ok then host.log("BREACH survived out-of-memory in coroutine " .. n) end
  end)
  pcall(co)
end

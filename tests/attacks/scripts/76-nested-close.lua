-- ATTACK memory safety: coroutines whose closing closes the next, 20,000 deep (a C stack overflow in the distribution's library) | SAFE HOST: no crash
-- SPDX-License-Identifier: MIT
local all = nil
for i = 1, 20000 do
  local inner = all
  local one = coroutine.wrap(function()
    local x <close> = setmetatable({}, { __close = function() if inner then inner() end end })
    coroutine.yield()
    error "fall"
  end)
  one()
  all = one
end
pcall(all)
if coroutine.close then host.log("BREACH coroutine.close is there") end

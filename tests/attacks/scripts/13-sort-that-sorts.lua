-- ATTACK CPU: a comparator that sorts, and one that changes the list it is sorting | SAFE HOST: clean error or any order, no crash, no endless loop; or killed within the CPU limit
-- SPDX-License-Identifier: MIT
local t = {}
for i = 1, 200 do t[i] = (i * 7919) % 200 end
pcall(table.sort, t, function(a, b) t[#t + 1] = 5 t[a] = nil t[1] = b return a < b end)
local function nested(n)
  if n > 20 then return true end
  table.sort({ 3, 2, 1 }, function(a, b) nested(n + 1) return a < b end)
end
nested(1)

-- ATTACK memory: out of memory of a library buffer (an ordinary error in Lua) becomes a value to branch on | SAFE HOST: ended: the memory limit is not catchable
-- SPDX-License-Identifier: MIT
local parts, piece = {}, ("x"):rep(1 << 20)
for i = 1, 10 do parts[i] = piece end
for i = 11, 100 do parts[i] = piece end
if not pcall(table.concat, parts) then host.log("BREACH memory was a value") end

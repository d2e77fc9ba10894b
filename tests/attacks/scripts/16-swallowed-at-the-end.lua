-- ATTACK memory: the same, and the script ends without asking for a byte more | SAFE HOST: ended: the memory limit is not catchable
-- SPDX-License-Identifier: MIT
local parts, piece, pcall, concat = {}, ("x"):rep(1 << 20), pcall, table.concat
for i = 1, 100 do parts[i] = piece end
pcall(concat, parts)

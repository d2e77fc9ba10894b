-- ATTACK CPU: pcall in pcall in a coroutine, each of which goes on when the one inside is ended by an error | SAFE HOST: killed within the CPU limit
-- SPDX-License-Identifier: MIT
local function stubborn(n)
  while true do pcall(n > 0 and stubborn or error, n - 1) end
end
while true do coroutine.wrap(function() pcall(stubborn, 3) end)() end

-- ATTACK CPU: utf8 functions over a long text, from each of its places | SAFE HOST: killed within the CPU limit
-- SPDX-License-Identifier: MIT
local text = ("\u{10FFFF}"):rep(200000)
while true do
  for at = 1, #text, 4 do utf8.len(text, at) utf8.offset(text, -1) end
end

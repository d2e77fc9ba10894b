-- ATTACK C stack: nested source, just below what load takes, for each construct | SAFE HOST: compile error or memory limit, or killed within the CPU limit; no crash
-- SPDX-License-Identifier: MIT
for _, open in ipairs { "(", "{", "not ", "- ", "a.", "a(", "a[", "f{", "function() return ", "a^", "1 .. ", "do ", "while 1 do ", "if 1 then ", "repeat ", "for i=1,1 do ", "local function f() ", "~", "#", "a:b(", "[[", "'\\z" } do
  local n = 60000 // #open
  load("return " .. open:rep(n))
  local f = load(open:rep(n))
  if f then pcall(f) end
end

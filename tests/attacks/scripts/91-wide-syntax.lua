-- ATTACK memory/CPU: 64 KiB of source that becomes as much code as it can (labels, functions, constants, locals, one long expression) | SAFE HOST: compile error or memory limit, or killed within the CPU limit; no crash
-- SPDX-License-Identifier: MIT
for _, piece in ipairs { "::l%d:: ", "local function f%d() end ", "x = {%d,{},{},{}} ", "goto l%d ", "local a%d <const> = 1 ", "do local function g() return f%d end end " } do
  local parts = {}
  for i = 1, 1500 do parts[i] = piece:format(i) end
  load(table.concat(parts))
end
load("return " .. ("1+"):rep(30000) .. "1")
load("return '" .. ("\\u{7FFFFFFF}"):rep(5000) .. "'")
load("return " .. ("1,"):rep(30000) .. "1")

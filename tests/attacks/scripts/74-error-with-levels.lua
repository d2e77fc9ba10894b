-- ATTACK memory safety: error levels, error objects that change while they are shown, errors in __tostring, __name of every type | SAFE HOST: clean error, no crash
-- SPDX-License-Identifier: MIT
for level = -3, 300 do pcall(error, "x", level) end
for _, name in ipairs { 1, {}, ("n"):rep(100000), "\0\27[2J", "x\ny" } do
  local t = setmetatable({}, { __name = name })
  pcall(tostring, t) pcall(error, t) pcall(string.rep, t, 1) pcall(ipairs(t)) pcall(math.floor, t)
end
pcall(tostring, setmetatable({}, { __tostring = function() error(setmetatable({}, { __tostring = error })) end }))
error(setmetatable({ text = ("\27[31m"):rep(10000) .. "\n\n", where = ("/etc/passwd:1\n"):rep(1000) }, { __index = error, __tostring = error }))

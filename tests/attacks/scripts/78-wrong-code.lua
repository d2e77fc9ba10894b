-- ATTACK wrong code: what the distribution's compiler and library get wrong (break with a fourth value, many constants, _ENV indexed by a comparison) | SAFE HOST: no crash
-- SPDX-License-Identifier: MIT
local closed = 0
for _ in function(_, i) return not i and 1 or nil end, nil, nil, setmetatable({}, { __close = function() closed = closed + 1 end }) do break end
local parts = {}
for i = 1, 150 do parts[i] = ("local a%d = %d.5"):format(i, i) end
pcall(load(table.concat(parts, " ") .. " return 1 ~ (2 or 3)"))
pcall(load "local t = _ENV[1 < 2] return t")
pcall(load "local x <const>, y <close> = 1, nil do local z end return x")
for _, text in ipairs { "\xf4\x90\x80\x80", "a\x80", "\xbf\xbf" } do pcall(function() for _ in utf8.codes(text) do end end) end
pcall(load, "return " .. ("a."):rep(9000) .. "b")
local long = load("local t = {} t.x = t return t" .. (".x"):rep(30000) .. ".y.z")
if long then pcall(long) end

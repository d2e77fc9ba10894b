-- ATTACK robustness: arithmetic, conversions and library calls at the ends of the number ranges | SAFE HOST: errors or values, no crash
-- SPDX-License-Identifier: MIT
local numbers = { math.maxinteger, math.mininteger, math.huge, -math.huge, 0 / 0, 2^53, 2^63, -2^63, 1e308, 5e-324, -0.0, 0 }
for _, a in ipairs(numbers) do
  for _, b in ipairs(numbers) do
    pcall(function() return a // b, a % b, a ^ b, a << (math.tointeger(b) or 1), a >> (math.tointeger(b) or 1) end)
    pcall(math.fmod, a, b) pcall(math.ult, a, b) pcall(math.random, a, b) pcall(string.rep, "", a) pcall(string.rep, "", a, "")
    pcall(string.format, "%d %x %a %g %i", a, b, a, b, a) pcall(tonumber, "z", math.tointeger(a)) pcall(utf8.char, a) pcall(string.char, a)
    pcall(table.concat, {}, ",", a, b > 3 and 3 or b) pcall(table.insert, {}, a, b) pcall(table.remove, {}, a) pcall(table.unpack, {}, a, b)
    pcall(os.date, "%Y", a) pcall(os.time, { year = a, month = b, day = 1 }) pcall(select, a, b)
  end
end
for _, n in ipairs(numbers) do pcall(function() for i = n, n, n do break end end) end
for _, text in ipairs { "%", "%9", "%.", "%10.123f", "%123d", "%z", "%q%q", "%-+ #0s", "%s%s%s%s" } do pcall(string.format, text, 1) end
for _, f in ipairs { "!17i4", "i0", "i17", "s16", "Xz", "!3Xi4", "c", "c99999999999999999999", "j", "\0", "zz" } do
  pcall(string.pack, f, 1) pcall(string.unpack, f, "abc") pcall(string.packsize, f)
end

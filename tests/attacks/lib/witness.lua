-- SPDX-License-Identifier: MIT
-- What a script finds around it, as text: every name it can reach from its environment, what the functions say, and the
-- methods of strings. Equal before and after a hostile script.
local M = {}

local function names_of(value, path, out, seen)
  for name, member in pairs(value) do
    local whole = path .. tostring(name)
    out[#out + 1] = ("%s=%s"):format(whole, type(member) == "table" and "table" or ("%q"):format(tostring(member)):gsub("[^ -~]", "?"))
    if type(member) == "table" and not seen[member] then
      seen[member] = true
      names_of(member, whole .. ".", out, seen)
    end
  end
end

function M.environment()
  local out = {}
  names_of(_ENV, "", out, { [_ENV] = true })
  for _, name in ipairs { "byte", "find", "format", "gsub", "lower", "new", "rep", "sub", "upper" } do
    out[#out + 1] = ("(\"\").%s=%s"):format(name, tostring((""):len() == 0 and ("")[name]))
  end
  return table.concat(out, " ")
end

function M.behaviour()
  local list = { 3, 1, 2 }
  table.sort(list)
  table.insert(list, 4)
  local co = coroutine.wrap(function(a) return coroutine.yield(a + 1) end)
  return table.concat({
    table.concat(list, ","), ("%d|%s|%5.2f"):format(5, "x", 1 / 3), ("a"):upper(), ("abc"):gsub("b", "-"), ("x"):rep(3),
    tostring(math.floor(1.5)), tostring(math.pi), utf8.char(233), tostring(co(1)), tostring(pcall(error, "x")),
    tostring(getmetatable("")), tostring(rawequal(_ENV, M)), load "return 7" and tostring(load "return 7" ()), type(os.time()),
  }, " ")
end

return M

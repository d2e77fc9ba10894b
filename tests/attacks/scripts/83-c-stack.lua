-- ATTACK C stack: nesting through every function that calls back (gsub, sort, pcall, load, tostring, pairs, close, coroutines, metamethods) | SAFE HOST: "C stack overflow" error or a limit, no crash
-- SPDX-License-Identifier: MIT
local ways = {
  function(f) return ("x"):gsub("x", f) end,
  function(f) return table.sort({ 3, 2, 1 }, function(a, b) f() return a < b end) end,
  function(f) return pcall(f) end,
  function(f) return xpcall(error, f) end,
  function(f) return tostring(setmetatable({}, { __tostring = function() f() return "" end })) end,
  function(f) return pairs(setmetatable({}, { __pairs = function() f() return next, {} end })) end,
  function(f) return coroutine.wrap(f)() end,
  function(f) local c <close> = setmetatable({}, { __close = function() f() end }) end,
  function(f) return setmetatable({}, { __index = function() return f() end }).x end,
  function(f) return setmetatable({}, { __lt = function() return f() end }) < {} end,
  function(f) return load("local f = ... return f()")(f) end,
}
for i, way in ipairs(ways) do
  local function down() way(down) return "" end
  pcall(way, down)
  local n = i
  local function mixed() n = n + 1 ways[n % #ways + 1](mixed) return "" end
  pcall(mixed)
end

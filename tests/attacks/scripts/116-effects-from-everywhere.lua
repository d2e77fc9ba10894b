-- ATTACK robustness: waiting effects (a visit ends inside of them) from comparators, gsub, __close, coroutines and handlers | SAFE HOST: works or raises a clean error; each once
-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local function step() host.sleep(0.01) return perigee.store.add("ours-116", 1) end
pcall(table.sort, { 2, 1 }, function(a, b) step() return a < b end)
pcall(string.gsub, "a", ".", function() step() end)
coroutine.wrap(function() step() end)()
coroutine.wrap(function() coroutine.wrap(function() step() end)() end)()
xpcall(error, function() step() end)
do local x <close> = setmetatable({}, { __close = function() step() end }) end
pcall(function() local x <close> = setmetatable({}, { __close = function() step() end }) error "x" end)
local n = perigee.store.get "ours-116"
if n ~= 7 then host.log("BREACH seven effects were carried out " .. tostring(n) .. " times") end

-- ATTACK hostile value: tables with metamethods that must not run, in every argument of every call | SAFE HOST: raw access; clean errors
-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local function trap() host.log("BREACH a metamethod was called by the host") end
local mt = { __index = trap, __newindex = trap, __len = trap, __tostring = trap, __call = trap, __eq = trap, __lt = trap, __le = trap, __name = ("x"):rep(1000) }
local function t(...) return setmetatable({ ... }, mt) end
for _, call in ipairs { host.send, host.http, host.store_get, host.sleep, host.template, host.module, host.secret, perigee.log, perigee.date, perigee.store.list } do
  pcall(call, t()) pcall(call, t "x")
end
pcall(host.store_set, t(), 1)
pcall(host.store_set, "k", t { t() })
pcall(perigee.log, "x", t("a", "b"))
pcall(function() contact:signal(t(), t()) end)
pcall(function() contact:try_send("email", "intro", { vars = t() }) end)
pcall(function() contact:try_send(t(), t(), t()) end)
pcall(function() contact:enrol(t(), t()) end)

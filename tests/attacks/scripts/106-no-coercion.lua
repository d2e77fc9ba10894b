-- ATTACK hostile value: numbers and truths as names, nothing in every place | SAFE HOST: clean error
-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
for i, call in ipairs { host.store_get, host.template, host.module, host.secret, host.http, host.send } do
  for _, value in ipairs { 5, 5.5, true, false } do
    if pcall(call, value) then host.log("BREACH call " .. i .. " took a " .. type(value)) end
  end
end
for _, name in ipairs { "store_get", "module", "secret", "http", "store_set", "sleep" } do
  if pcall(host[name]) then host.log("BREACH " .. name .. " took nothing") end
end
for _, name in ipairs { "label", "note", "task", "set", "signal", "wait" } do
  if pcall(contact[name], contact, 5) then host.log("BREACH " .. name .. " took a number") end
end
if pcall(perigee.store.set, "k", nil) then host.log("BREACH set took nil") end

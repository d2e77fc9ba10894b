-- ATTACK escape: metatables of the host's objects, events that are refused and added later | SAFE HOST: what is refused stays refused; the host's objects can't be changed
-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local mt = { __index = {} }
local t = setmetatable({}, mt)
mt.__gc, mt.__mode, mt.__concat = function() host.log "BREACH __gc ran" end, "kv", function() return "evil" end
for _, key in ipairs { "__gc", "__mode", "__concat" } do
  if pcall(setmetatable, {}, { [key] = "k" }) then host.log("BREACH setmetatable took " .. key) end
  if pcall(setmetatable, {}, mt) then host.log("BREACH a metatable with " .. key .. " was taken") end
end
if pcall(function() return t .. "x" end) then host.log("BREACH __concat works when added later") end
for i, object in ipairs { contact, perigee, perigee.store, contact.labels, contact.fields, perigee.contacts } do
  if type(getmetatable(object)) == "table" then host.log("BREACH metatable of object " .. i .. " is reachable") end
  if pcall(setmetatable, object, {}) then host.log("BREACH metatable of object " .. i .. " was replaced") end
  if pcall(function() object.evil = 1 end) then host.log("BREACH object " .. i .. " takes assignments") end
end
for i = 1, 5000 do local garbage = setmetatable({}, mt.__index) end

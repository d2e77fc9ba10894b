-- ATTACK escape, second half: runs after 64 in the same worker | SAFE HOST: nothing planted
-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
if rawget(_ENV, "planted") or rawget(perigee, "planted") then host.log("BREACH a value was left behind") end
if tostring(1) ~= "1" then host.log("BREACH tostring was left behind") end
if perigee.store.get("never-set") == "planted" then host.log("BREACH a binding was left behind") end
if contact.email ~= "a@example.com" then host.log("BREACH the contact was changed") end

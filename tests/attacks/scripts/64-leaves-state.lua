-- ATTACK escape: leave a coroutine, an upvalue and changed modules behind for the next script | SAFE HOST: no effect on the next script
-- SPDX-License-Identifier: MIT
-- THEN: 64b-finds-state.lua
local perigee = require "perigee"
planted = coroutine.wrap(function() while true do coroutine.yield "planted" end end)
planted()
pcall(function() perigee.planted = planted end)
pcall(rawset, perigee, "planted", planted)
pcall(rawset, perigee.store, "get", planted)
pcall(rawset, _ENV, "tostring", planted)
pcall(rawset, contact, "email", "evil@evil.test")
pcall(rawset, host, "log", planted)

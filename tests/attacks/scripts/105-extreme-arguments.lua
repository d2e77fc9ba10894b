-- ATTACK hostile value: extreme numbers and types to every call that takes a number or a duration | SAFE HOST: clean errors, no crash
-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local bad = { 0 / 0, math.huge, -math.huge, -1, math.mininteger, -2^63, {}, true, "x", "", "-1 days", "1e9 days", "1 days\0", "3 day s", "99999-01-01", "2026-02-30", "next never" }
for i, value in ipairs(bad) do
  if pcall(host.sleep, value) then host.log("BREACH sleep took value " .. i) end
  pcall(perigee.date, 0, value)
  pcall(perigee.date, value, "1 day")
end
for _, value in ipairs { math.maxinteger, 2^53, 1e300, "100000 years" } do pcall(perigee.date, value, value) end
for _, n in ipairs { 0 / 0, math.huge, "x", {} } do if pcall(perigee.store.add, "ours-105", n) then host.log("BREACH add took no number") end end
perigee.store.set("ours-105", math.maxinteger)
pcall(perigee.store.add, "ours-105", math.maxinteger)
pcall(perigee.store.add, "ours-105", 1e308)

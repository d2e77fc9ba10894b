-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local business = require "perigee.business"
local days = require "days"

local monday = 1736118000 -- Monday, 6 January 2025, 00:00 in Paris

test("a moment is a day and a time where the workspace is, and in a zone that is named", function(t)
  t:expect(perigee.calendar(monday), { year = 2025, month = 1, day = 6, hour = 0, minute = 0, weekday = "monday", date = "2025-01-06", time = "00:00" })
  t:expect(perigee.calendar(monday, "workspace"), perigee.calendar(monday))
  for _, case in ipairs {
    { monday - 1, nil, "sunday 2025-01-05 23:59" }, { monday, "UTC", "sunday 2025-01-05 23:00" }, { monday, "Asia/Kathmandu", "monday 2025-01-06 04:45" },
    { monday + 0.9, "America/New_York", "sunday 2025-01-05 18:00" }, { 0, "UTC", "thursday 1970-01-01 00:00" },
    { perigee.date(0, "2024-02-29T23:30"), nil, "thursday 2024-02-29 23:30" },
    { perigee.date(0, "2026-03-29T01:59:59") + 1, nil, "sunday 2026-03-29 03:00" }, -- the clock goes forward
    { perigee.date(0, "2026-10-25T02:30") + 3600, nil, "sunday 2026-10-25 02:30" }, -- and back: the same once more
  } do
    local c = perigee.calendar(case[1], case[2])
    t:expect(c.weekday .. " " .. c.date .. " " .. c.time, case[3])
  end
end)

test("in a test it is as late as the test has it", function(t)
  t:expect(perigee.now(), monday)
  t:expect(perigee.calendar().time, "00:00")
  t:expect(business.is_open(), false)
  t:advance "33h"
  t:expect(perigee.now(), monday + 33 * 3600)
  t:expect(perigee.date(nil, "+1 month") - perigee.now(), 31 * 86400)
  t:expect(perigee.calendar().weekday .. perigee.calendar().time, "tuesday09:00")
  t:expect(business.is_open(), true)
  t:expect(business.next_open(monday), perigee.date(monday, "monday 09:00"))
end)

test("functions of lib/ that ask for the day and the time are tried straight", function(t)
  local asked = perigee.date(nil, "tuesday 16:00")
  t:advance "2 days" -- Wednesday, 00:00
  t:expect(days.late(asked), false)
  t:advance "11h" -- 4 business hours after 16:00 it is 11:00
  t:expect(days.late(asked), false)
  t:advance "1m"
  t:expect(days.late(asked), true)
  t:expect(days.is_birthday "01-08", true)
  t:expect(days.is_birthday "01-07", false)
end)

test("a contact's day is that of where they live", function(t)
  for _, case in ipairs {
    { "ana", { timezone = "Asia/Tokyo" }, "monday 2025-01-06 08:00" }, { "ben", { country = "US" }, "sunday 2025-01-05 18:00" },
    { "chloe", {}, "monday 2025-01-06 00:00" }, { "davide", { timezone = "Asia/Tokyo", zone = "workspace" }, "monday 2025-01-06 00:00" },
    { "emma", { timezone = "Asia/Tokyo", zone = "UTC" }, "sunday 2025-01-05 23:00" },
  } do
    local contact = { id = case[1], name = case[1], email = case[1] .. "@example.com" }
    for key, value in pairs(case[2]) do contact[key] = value end
    t:enrol { sequence = "today", contact = contact }
    t:expect_outcome(case[3])
  end
end)

test("a birthday at half past midnight is today's, not yesterday's", function(t)
  t:enrol { sequence = "today", contact = { id = "ana", name = "Ana", email = "ana@example.com", birthday = "01-07" } }
  t:enrol { sequence = "today", contact = { id = "ben", name = "Ben", email = "ben@example.com", birthday = "01-06" } }
  t:advance "29m"
  t:enrol { sequence = "stored", contact = { id = "ana" }, key = "a" }
  t:expect_outcome "nil, ana nil, ben nil"
  t:advance "25h"
  t:enrol { sequence = "stored", contact = { id = "ana" }, key = "b" }
  t:expect_outcome "2025-01-07 00:30, ana 1, ben 1"
end)

test("what is no time or no zone is said where it stands", function(t)
  for _, c in ipairs {
    { function() perigee.calendar "today" end, "a number is needed" }, { function() perigee.calendar(-1) end, "seconds since 1970" },
    { function() perigee.calendar(1e300) end, "seconds since 1970" }, { function() perigee.calendar(nil, "Mars/Base") end, "Mars/Base" },
    { function() perigee.date(nil, ("+1 moon"):rep(1)) end, "+1 month" }, { function() perigee.calendar(nil, 5) end, "zone" },
    { function() perigee.store.get "x" end, "a test can only use its t, perigee.now, perigee.date and perigee.calendar" },
  } do
    local held, text = pcall(c[1])
    t:expect(not held and text:find(c[2], 1, true) and text:find("calendar_test.lua", 1, true) and "said" or tostring(text), "said")
  end
end)

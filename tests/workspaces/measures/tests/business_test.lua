-- SPDX-License-Identifier: MIT
local business = require "perigee.business"

-- Where and when; what is said, in hours from there.
for _, case in ipairs {
  { "in the middle of a Tuesday", {}, "2026-11-24T10:00", "open, opens +0.00, ends +8.00, 2 days +48.00, due +56.00" },
  { "in the lunch hour of a Monday", {}, "2026-11-23T12:00", "closed, opens +2.00, ends +6.00, 2 days +48.00, due +54.00" },
  { "at the end of a Friday", {}, "2026-11-27T18:00", "closed, opens +63.00, ends +72.00, 2 days +96.00, due +120.00" },
  { "on a Saturday, which counts from its end", {}, "2026-11-28T10:00", "closed, opens +47.00, ends +56.00, 2 days +86.00, due +104.00" },
  { "before a holiday", {}, "2026-12-24T17:59", "open, opens +0.00, ends +0.02, 2 days +120.00, due +120.02" },
  { "on a day of 23 hours", {}, "2026-03-29T12:00", "closed, opens +21.00, ends +30.00, 2 days +60.00, due +78.00" },
  { "where it is Tuesday already", { timezone = "Asia/Tokyo" }, "2026-11-23T23:30Z", "closed, opens +0.50, ends +9.50, 2 days +48.00, due +57.50" },
  { "half an hour and a second before the end", {}, "2026-11-24T17:29:59", "open, opens +0.00, ends +0.50, 2 days +48.00, due +48.50" },
} do
  test(case[1], function(t)
    local contact = { id = "ana", name = "Ana", email = "ana@example.com", at = case[3] }
    for key, value in pairs(case[2]) do contact[key] = value end
    t:enrol { sequence = "clock", contact = contact }
    t:expect_outcome(case[4])
  end)
end

for _, case in ipairs {
  { "2026-11-27T17:00", "2026-11-30T17:00", 1 }, { "2026-11-27T17:00", "2026-11-30T16:59", 0 }, { "2026-11-23T10:00", "2026-11-27T10:00", 4 },
  { "2026-11-23T10:00", "2026-11-23T10:00", 0 }, { "2026-11-30T17:00", "2026-11-27T17:00", -1 }, { "2026-12-23T10:00", "2026-12-28T10:00", 2 },
  { "2026-11-28T10:00", "2026-11-30T00:00", 0 }, { "2026-11-28T10:00", "2026-12-01T00:00", 1 }, { "2025-12-31T10:00", "2026-12-31T10:00", 252 },
} do
  test(("from %s to %s it is %d business days"):format(table.unpack(case)), function(t)
    t:enrol { sequence = "clock", contact = { id = "ana", name = "Ana", email = "ana@example.com", at = case[1], to = case[2] } }
    t:expect_outcome("days " .. case[3])
  end)
end

test("elsewhere it is as late as it is there", function(t)
  t:enrol { sequence = "clock", contact = { id = "ana", name = "Ana", email = "ana@example.com", at = "2026-11-23T10:00", zone = "Asia/Tokyo" } }
  t:expect_outcome "closed, opens +15.00, ends +24.00, 2 days +48.00, due +72.00"
end)

-- Mondays have hours of 9 to 12 and 14 to 18.
for _, case in ipairs {
  { 4, "2026-11-23T09:00", "Mon 15:00" }, { 4, "2026-11-23T12:30", "Mon 18:00" }, { 4, "2026-11-27T17:00", "Mon 12:00" }, { 0.5, "2026-11-28T10:00", "Mon 09:30" },
  { 2, "2026-12-24T17:00", "Mon 10:00" }, { -2, "2026-11-23T15:00", "Mon 11:00" }, { -1, "2026-11-24T09:30", "Mon 17:30" }, { 0, "2026-11-28T10:00", "Mon 09:00" },
} do
  test(("%s business hours from %s on it is %s"):format(table.unpack(case)), function(t)
    t:enrol { sequence = "hours", contact = { id = "ana", name = "Ana", email = "ana@example.com", at = case[2], hours = case[1] } }
    t:expect_outcome(case[3])
  end)
end

test("a wait of four business hours ends when people have had them", function(t)
  t:enrol { sequence = "hours", contact = { id = "ana", name = "Ana", email = "ana@example.com" } }
  t:advance "899m"
  t:expect_outcome(nil) -- Monday, 6 January, a minute before 15:00: lunch does not count
  t:advance "1m"
  t:expect_outcome "Mon 15:00"
end)

test("a script sleeps until people work, and until they stop", function(t)
  t:enrol { sequence = "opens", contact = { id = "ana", name = "Ana", email = "ana@example.com", timezone = "America/New_York" } }
  t:advance "3 days"
  t:expect_outcome "Mon 14:00 to Mon 23:00"
end)

test("what is no time is said where it stands", function(t)
  for _, c in ipairs {
    { function() business.is_open "monday" end, "a number is needed" }, { function() business.add(1.5) end, "a whole number" },
    { function() business.add() end, "a number is needed" }, { function() business.add_hours "4h" end, "a number is needed" },
    { function() business.add_hours(1e9) end, "at most 10000" }, { function() business.deadline(-1) end, "from 0" },
    { function() business.days_between() end, "not nothing" }, { function() business.end_of_day(-5) end, "seconds since 1970" },
    { function() business.end_of_day(0 / 0) end, "seconds since 1970" },
  } do
    local held, text = pcall(c[1])
    t:expect(not held and text:find(c[2], 1, true) and text:find("business_test.lua", 1, true) and "said" or tostring(text), "said")
  end
end)

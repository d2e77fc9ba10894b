-- SPDX-License-Identifier: MIT
-- Notes what day it is at half past midnight, in Paris, when UTC is still at the day before.
local perigee = require "perigee"

return perigee.job {
  name = "morning",
  schedule = "30 0 * * *",
  needs = { store = true, contacts = "read" },
  run = function()
    local today = perigee.calendar()
    perigee.store.set("today", today.date .. " " .. today.time)
    for _, contact in ipairs(perigee.contacts.find { birthday = today.date:sub(6) }) do perigee.store.add("gifts " .. contact.id, 1) end
  end,
}

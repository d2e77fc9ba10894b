-- SPDX-License-Identifier: MIT
-- What the calendar shows now, where the contact lives and (field `zone`) elsewhere.
local perigee = require "perigee"

return perigee.sequence {
  name = "today",
  run  = function(contact)
    local there = perigee.calendar(nil, contact.fields.zone)
    return ("%s %s %s"):format(there.weekday, there.date, there.time)
  end,
}

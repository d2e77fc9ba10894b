-- SPDX-License-Identifier: MIT
-- What perigee.business says of the moment in the field `at` (of the days until `to`), where the contact lives or in `zone`.
local perigee = require "perigee"
local business = require "perigee.business"

return perigee.sequence {
  name = "clock",
  run  = function(contact)
    local zone = contact.fields.zone
    local at = perigee.date(0, contact.fields.at)
    local function hours(time) return ("%+.2f"):format((time - at) / 3600) end
    if contact.fields.to then return "days " .. business.days_between(at, perigee.date(0, contact.fields.to)) end
    return ("%s, opens %s, ends %s, 2 days %s, due %s"):format(business.is_open(at, zone) and "open" or "closed", hours(business.next_open(at, zone)),
      hours(business.end_of_day(at, zone)), hours(business.add(2, at, zone)), hours(business.deadline(2, at, zone)))
  end,
}

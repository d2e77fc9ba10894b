-- SPDX-License-Identifier: MIT
-- So many business hours after the moment in the field `at`; without it a wait of four.
local perigee = require "perigee"
local business = require "perigee.business"

return perigee.sequence {
  name = "hours",
  run  = function(contact)
    local fields = contact.fields
    if not fields.at then perigee.sleep "4 business hours" end
    local ends = fields.at and business.add_hours(tonumber(fields.hours), perigee.date(0, fields.at)) or perigee.now()
    return os.date("!%a %H:%M", ends + 3600) -- in Paris, in winter
  end,
}

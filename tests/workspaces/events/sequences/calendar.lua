-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name = "calendar",
  run  = function(contact)
    local friday = 1795788000            -- 2026-11-27 15:00 in Paris
    local days = { "+1 day", "+2 business days", "next monday 09:00", "+1 week" }
    local said = {}
    for _, shift in ipairs(days) do said[#said + 1] = os.date("!%m-%dT%H:%M", perigee.date(friday, shift)) end
    return table.concat(said, " ")
  end,
}

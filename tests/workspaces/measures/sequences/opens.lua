-- SPDX-License-Identifier: MIT
-- Waits for open hours, and then for the end of the day, and says when that was (UTC).
local perigee = require "perigee"

return perigee.sequence {
  name = "opens",
  run  = function()
    perigee.sleep "open hours"
    local opened = os.date("!%a %H:%M", perigee.now())
    perigee.sleep "end of business day"
    return opened .. " to " .. os.date("!%a %H:%M", perigee.now())
  end,
}

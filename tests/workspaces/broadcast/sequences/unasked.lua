-- SPDX-License-Identifier: MIT
-- Has not said that it needs broadcasts.
local perigee = require "perigee"

return perigee.sequence {
  name = "unasked",
  run  = function()
    local broadcast = "broadcast"
    local ok, text = pcall(perigee[broadcast], { channel = "discord", to = "#x", template = "launch", at = "1 day" })
    return ok and "allowed" or text:match "needs broadcast = true"
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name      = "starter",
  needs     = { task = true },
  starts_on = { "signal:begin", "message" },
  run       = function(contact)
    local event = contact:wait({ "signal:begin", "reply" }, "1 minute")
    local by = event and event.data and " " .. table.concat(event.data.by, " ") or ""
    contact:task { kind = "other", note = "begun by " .. (event and event.event or "nothing") .. by }
    return "began"
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "listens",
  needs = {},
  run   = function(contact)
    perigee.sleep "2 days"
    local event = contact:wait({ "signal:paid", "unsubscribe", "complaint" }, "2 days")
    return event and event.event .. " " .. tostring(event.data.n) or "nothing"
  end,
}

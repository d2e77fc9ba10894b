-- SPDX-License-Identifier: MIT
-- Asks somebody three times in a week, which is the most.
local perigee = require "perigee"

return perigee.sequence {
  name  = "personal",
  needs = { send = { "email" }, broadcast = true },
  run   = function(contact)
    perigee.broadcast { channel = "discord", to = "#community", template = "launch", vars = { product = "Mug" }, at = "1 hour" }
    perigee.sleep "2 hours"
    for _ = 1, 2 do
      contact:send("email", "ask")
      if contact:wait_reply "1 hour" then return "answered" end
    end
    return "asked twice"
  end,
}

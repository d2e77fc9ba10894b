-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
return perigee.sequence {
  name      = "lead-alert",
  needs     = { send = { "email" } },
  starts_on = { "signal:unanswered" },
  on_reply  = "continue",
  run = function(contact)
    local event = contact:wait "signal:unanswered"
    contact:send("email", "alert", { vars = { who = event.data.who, text = event.data.text }, thread = "new" })
    return "told"
  end,
}

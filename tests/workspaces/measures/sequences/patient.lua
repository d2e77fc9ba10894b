-- SPDX-License-Identifier: MIT
-- Two messages, the second when they are back, if they are away.
local perigee = require "perigee"

return perigee.sequence {
  name  = "patient",
  needs = { send = { "email" } },
  on_reply = "continue",
  run   = function(contact)
    contact:send("email", "hello")
    perigee.sleep "1 day"
    contact:send("email", "hello")
    return perigee.calendar(nil, "workspace").date
  end,
}

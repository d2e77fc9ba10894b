-- SPDX-License-Identifier: MIT
-- Says that a message has come before it has read it.
local perigee = require "perigee"

return perigee.sequence {
  name      = "desk",
  needs     = { send = { "email" } },
  starts_on = { "message" },
  run       = function(contact)
    perigee.sleep "10 minutes"
    contact:send("email", "got-it")
    local message = contact:wait_reply "1 minute"
    return message.text
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "off",
  needs = { send = { "instagram" }, task = true },
  run   = function(contact)
    contact:snooze "2 weeks"
    contact:task { kind = "review", note = "Is there news of the oven?" }
    contact:send("instagram", "hello")
    contact:wait_reply "3 weeks"
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "other",
  needs = { send = { "email" } },
  run   = function(contact)
    contact:wait("signal:go", "30 days")
    contact:send("email", "hello")
    return "went"
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "plain",
  needs = { send = { "linkedin" } },
  run   = function(contact)
    contact:send("linkedin", "hello")
    return contact:wait_reply "1 week" and "answered" or "silent"
  end,
}

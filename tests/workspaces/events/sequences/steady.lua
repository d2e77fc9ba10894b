-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name     = "steady",
  needs    = { send = { "email" } },
  on_reply = "continue",
  run      = function(contact)
    contact:send("email", "hello")
    perigee.sleep "1 week"
    local first = contact:wait_reply "1 day"
    local second = contact:wait_reply "1 day"
    contact:set { first = first and first.text or "none", second = second and second.text or "none" }
    return "steady"
  end,
}

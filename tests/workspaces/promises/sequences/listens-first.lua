-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "listens-first",
  needs = { send = { "email" } },
  run   = function(contact)
    local early = contact:wait_reply "open hours"
    if early then return "early: " .. early.text end
    contact:send("email", "greeting")
  end,
}

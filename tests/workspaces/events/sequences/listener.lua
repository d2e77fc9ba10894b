-- SPDX-License-Identifier: MIT
-- Listens first, and writes only to who says nothing.
local perigee = require "perigee"

return perigee.sequence {
  name  = "listener",
  needs = { send = { "email" } },
  run   = function(contact)
    local event = contact:wait({ "reply", "signal:go" }, "3 days")
    if event and event.event == "reply" then return "heard: " .. event.text end
    contact:send("email", "hello")
    return "wrote"
  end,
}

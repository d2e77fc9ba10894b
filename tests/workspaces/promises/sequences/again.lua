-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name     = "again",
  needs    = { send = { "email" } },
  on_reply = "continue",
  run      = function(contact)
    contact:send("email", "greeting")
    perigee.sleep "16h"
    local message, _, _, rule = contact:try_send("email", "greeting")
    if message then return "sent at once" end
    local answer = contact:wait_reply(0)
    contact:send("email", "greeting")
    return rule .. ": " .. answer.text
  end,
}

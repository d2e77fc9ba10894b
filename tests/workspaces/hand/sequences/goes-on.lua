-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name     = "goes-on",
  needs    = { send = { "instagram" } },
  on_reply = "continue",
  run      = function(contact)
    local message, _, _, rule = contact:try_send("instagram", "hello")
    local reply = contact:wait_reply "1 day"
    return (message and "sent" or rule) .. ", " .. (reply and reply.text or "silent")
  end,
}

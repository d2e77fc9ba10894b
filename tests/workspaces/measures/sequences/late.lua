-- SPDX-License-Identifier: MIT
-- Asks for a message that must leave within ten hours, and says what came of it.
local perigee = require "perigee"

return perigee.sequence {
  name     = "late",
  needs    = { send = { "email" } },
  on_reply = "continue",
  run      = function(contact)
    local from = perigee.now()
    local message, _, code, rule = contact:try_send("email", "hello", { before = "10h" })
    return ("%s after %d h"):format(message and "sent" or code .. " " .. rule, (perigee.now() - from) // 3600)
  end,
}

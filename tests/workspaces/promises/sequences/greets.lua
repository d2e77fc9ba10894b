-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "greets",
  needs = { send = { "email" } },
  run   = function(contact)
    contact:send("email", "greeting")
    perigee.sleep "4h"
    local message, _, code = contact:try_send("email", "greeting", { before = "1 day" })
    return message and "sent" or code
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "news",
  needs = { send = { "email" } },
  run   = function(contact)
    local message, _, _, rule = contact:try_send("email", "news")
    return message and "read" or rule
  end,
}

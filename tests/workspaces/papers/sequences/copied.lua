-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "copied",
  needs = { send = { "email" } },
  run   = function(contact)
    contact:send("email", "asked", { cc = "agent@brand.example" })
    local _, text = contact:try_send("email", "asks", { cc = "agent@brand.example" })
    contact:send("email", "asks")
    return text
  end,
}

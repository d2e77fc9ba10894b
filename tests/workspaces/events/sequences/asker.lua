-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "asker",
  needs = { send = { "email" } },
  run   = function(contact)
    contact:send("email", "hello")
    local reply, text, code = contact:wait_reply "1 week"
    if reply then return "answered: " .. reply.text end
    return code or "silent"
  end,
}

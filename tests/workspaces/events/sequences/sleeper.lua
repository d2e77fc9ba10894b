-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "sleeper",
  needs = { send = { "email" } },
  run   = function(contact)
    contact:send("email", "hello")
    perigee.sleep "1 week"
    contact:send("email", "more")
    return "written twice"
  end,
}

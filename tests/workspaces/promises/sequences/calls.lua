-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "calls",
  needs = { task = true },
  run   = function(contact)
    contact:task { kind = "call", note = "Ask how it goes" }
    perigee.sleep "1 day"
  end,
}

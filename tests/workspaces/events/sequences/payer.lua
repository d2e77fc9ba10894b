-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name = "payer",
  run  = function(contact)
    perigee.sleep "1 day"
    contact:signal("paid", { amount = 500 })
    contact:signal("late")
    return "signalled"
  end,
}

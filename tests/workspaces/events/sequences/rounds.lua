-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "rounds",
  needs = { store = true },
  run   = function(contact)
    local round = contact.state and contact.state.round or 1
    perigee.store.add("rounds", 1)
    if round == 3 then return "after " .. perigee.store.get "rounds" .. " rounds" end
    perigee.sleep "1 day"
    contact:restart { round = round + 1 }
  end,
}

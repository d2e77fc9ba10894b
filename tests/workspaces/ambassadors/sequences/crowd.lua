-- SPDX-License-Identifier: MIT
-- Many claim at the same moment; afterwards each counts who got in.
local perigee = require "perigee"
local offer = require "perigee.offer"

return perigee.sequence {
  name  = "crowd",
  needs = { store = true },
  run   = function(contact)
    perigee.sleep "next monday 12:00"
    local place = offer.claim(contact, { name = "rush", places = 3, closes = "2025-02-01T18:00+01:00" })
    if place then perigee.store.add("got in", 1) end
    perigee.sleep "1 hour"
    return ("%d in, %d wait, left %d"):format(perigee.store.get "got in", #offer.line("rush").waiting, offer.left "rush")
  end,
}

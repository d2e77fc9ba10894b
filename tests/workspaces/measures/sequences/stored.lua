-- SPDX-License-Identifier: MIT
-- What the job `morning` left in the store.
local perigee = require "perigee"

return perigee.sequence {
  name  = "stored",
  needs = { store = true },
  run   = function()
    return ("%s, ana %s, ben %s"):format(perigee.store.get "today", perigee.store.get "gifts ana", perigee.store.get "gifts ben")
  end,
}

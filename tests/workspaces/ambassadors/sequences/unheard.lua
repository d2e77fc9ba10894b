-- SPDX-License-Identifier: MIT
-- Greets, hears back, asks, hears nothing.
local perigee = require "perigee"
local score = require "perigee.score"

return perigee.sequence {
  name  = "unheard",
  needs = { send = { "email" } },
  run   = function(contact)
    contact:send("email", "greeting")
    contact:wait_reply "1 day"
    contact:send("email", "asking")
    perigee.sleep "8 days"
    return score.balance(contact).why
  end,
}

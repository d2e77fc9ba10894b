-- SPDX-License-Identifier: MIT
-- Asks when it is a good moment, and says each time whether it was.
local perigee = require "perigee"
local score = require "perigee.score"

return perigee.sequence {
  name     = "asked",
  needs    = { send = { "email" } },
  on_reply = "continue",
  run      = function(contact)
    local said = {}
    local function look() said[#said + 1] = (score.balance(contact).ask and "yes" or "no") .. ": " .. score.balance(contact).why end
    look()
    contact:send("email", "greeting")
    look()
    contact:send("email", "asking")
    look()
    contact:wait_reply "3 days"
    perigee.sleep "3 days"
    look()
    perigee.sleep "5 days"
    look()
    local balance = score.balance(contact)
    said[#said + 1] = ("%d/%d %.1f"):format(balance.asks, balance.talks, balance.ratio)
    return table.concat(said, "; ")
  end,
}

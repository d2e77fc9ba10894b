-- SPDX-License-Identifier: MIT
-- Its thanks wait for a morning; an answer before that ends the run, and withdraws them.
local perigee = require "perigee"
local thanks = require "perigee.thanks"

return perigee.sequence {
  name  = "withdrawn",
  needs = { send = { "email" }, task = true, store = true },
  run   = function(contact)
    contact:send("email", "greeting")
    perigee.sleep "1 minute"
    thanks.say(contact, "email", { "thanks-warm" })
    return "thanked"
  end,
}

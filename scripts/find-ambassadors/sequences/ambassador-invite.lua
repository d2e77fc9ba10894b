-- SPDX-License-Identifier: MIT
-- Asks somebody who speaks well of us whether they would like to be closer: one personal mail, one nudge. Whoever answers gets a call.
local perigee = require "perigee"

return perigee.sequence {
  name  = "ambassador-invite",
  title = "An invitation to ambassadors",
  needs = { send = { "email" }, task = true },
  topic = "ambassadors",
  run   = function(contact)
    contact:label "ambassador candidate"
    contact:send("email", "invite")
    local reply = contact:wait_reply "5 business days"
    if not reply then
      contact:send("email", "invite-nudge")
      reply = contact:wait_reply "1 week"
    end
    if not reply then return "silent" end
    contact:set { stage = "talking" }
    contact:task { kind = "call", due = "2 business days", note = ("%s on being an ambassador: %s"):format(contact.name, reply.text) }
    return "replied"
  end,
}

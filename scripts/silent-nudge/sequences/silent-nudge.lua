-- SPDX-License-Identifier: MIT
-- One light nudge for somebody who fell silent, whatever the stage; then they are a person's, with all that is known.
local perigee = require "perigee"

return perigee.sequence {
  name  = "silent-nudge",
  title = "A nudge for who fell silent",
  needs = { send = { "email" }, task = true },
  run   = function(contact)
    local message, text = contact:try_send("email", "nudge", { before = "1 week" })
    local reply = message and contact:wait_reply "4 business days"
    if reply then
      contact:unlabel "silent"
      contact:task { kind = "message", note = ("%s is back (%s): %s"):format(contact.name, contact.stage, reply.text) }
      return "back"
    end
    contact:label "silent"
    contact:task {
      kind = "call", due = "3 business days",
      note = ("%s has been silent in the stage \"%s\"%s. %s"):format(contact.name, contact.stage,
        message and ", also after a nudge" or " and was not nudged: " .. text, contact.fields.agreed_on or ""),
    }
    return "handed over"
  end,
}

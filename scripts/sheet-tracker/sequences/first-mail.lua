-- SPDX-License-Identifier: MIT
-- The first mail and a reminder; what comes of them stands in the sheet by itself.
local perigee = require "perigee"
local sheet = require "sheet"

return perigee.sequence {
  name  = "first-mail",
  title = "First mail, kept in the sheet",
  needs = { send = { "email" }, task = true },
  topic = "collaboration",
  run   = function(contact)
    if contact.stage and contact.stage ~= "prospect" then return "under way already" end
    contact:send("email", "hello")
    contact:set { stage = "contacted", waiting_for = "them" }
    local reply = contact:wait_reply "4 business days"
    if not reply then
      contact:send("email", "hello-again")
      reply = contact:wait_reply "6 business days"
    end
    if not reply then
      contact:set { stage = "silent", waiting_for = "nobody" }
      return "silent"
    end
    sheet.heard(contact, reply)
    contact:task { kind = "message", note = "Answered: " .. reply.text, due = "1 business day" }
    return "answered"
  end,
}

-- A welcome to people who asked for it, and one follow-up for those who did not answer.
local perigee = require "perigee"

return perigee.sequence {
  name  = "welcome",
  title = "Welcome a new contact",
  needs = { send = { "email" }, task = true },
  run   = function(contact)
    contact:send("email", "welcome")
    local reply = contact:wait_reply "3 business days"
    if not reply then
      contact:send("email", "follow-up")     -- same thread, same subject
      reply = contact:wait_reply "1 week"
    end
    if not reply then return "silent" end
    contact:set { stage = "talking" }
    contact:task { kind = "call", note = "Answered: " .. reply.text }
    return "replied"
  end,
}

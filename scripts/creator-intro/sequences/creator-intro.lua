-- SPDX-License-Identifier: MIT
-- First contact with a creator: a personal mail, one nudge, and a short word on Instagram for those who have it.
-- Whoever answers, on any channel, is never written to by this script again: a person calls them.
local perigee = require "perigee"

return perigee.sequence {
  name  = "creator-intro",
  title = "First contact with a creator",
  needs = { send = { "email", "instagram" }, task = true },
  topic = "collaboration",
  run   = function(contact)
    contact:send("email", "intro")
    local reply = contact:wait_reply "3 business days"
    if not reply then
      contact:send("email", "nudge")              -- same thread, same subject
      reply = contact:wait_reply "4 business days"
    end
    if not reply and contact:can "instagram" then
      contact:send("instagram", "intro-short")    -- by hand, if they never wrote to us: becomes a task
      reply = contact:wait_reply "1 week"
    end
    if not reply then return "silent" end
    contact:set { stage = "talking" }
    contact:task { kind = "call", note = "Answered: " .. reply.text }
    return "replied"
  end,
}

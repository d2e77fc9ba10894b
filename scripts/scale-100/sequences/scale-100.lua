-- SPDX-License-Identifier: MIT
-- First contact with many: one personal mail and one light reminder, from whoever looks after them. People are asked for their time only
-- where it is worth it: a task for each answer, and a call for the promising ones, even if they stay silent.
local perigee = require "perigee"
local team = require "team"

return perigee.sequence {
  name  = "scale-100",
  title = "First contact, more than a hundred a month",
  needs = { send = { "email" }, task = true },
  topic = "collaboration",
  run   = function(contact)
    contact:send("email", "first")
    contact:set { stage = "contacted" }
    local reply = contact:wait_reply "4 business days"
    if not reply then
      contact:send("email", "light-reminder")
      reply = contact:wait_reply "6 business days"
    end
    local promising = team.promising(contact)
    if reply then
      contact:set { stage = "talking" }
      contact:task { kind = promising and "call" or "message", note = "Answered: " .. reply.text, due = "1 business day" }
      return "answered"
    end
    contact:set { stage = "silent" }
    if not promising then return "silent" end
    contact:task { kind = "call", note = "Silent after two mails, and worth a call", due = "3 business days" }
    return "to be called"
  end,
}

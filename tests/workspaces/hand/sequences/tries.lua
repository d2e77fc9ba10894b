-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "tries",
  needs = { send = { "instagram" }, task = true },
  run   = function(contact)
    contact:task { kind = "call", note = "Ask about the ovens", due = "3 days" }
    contact:task { kind = "gift", note = "A bag of rye" }
    local message, text, code, rule = contact:try_send("instagram", "hello")
    if not message then return rule .. ": " .. text end
    local reply = contact:wait_reply "1 week"
    return reply and "said: " .. reply.text or "silent"
  end,
}

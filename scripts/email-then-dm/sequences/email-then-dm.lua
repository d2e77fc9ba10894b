-- SPDX-License-Identifier: MIT
-- By e-mail first; where mail fails (it bounces, there is no address, or nobody answers) one private message on a network. A person sends
-- that: the networks let no program write first.
local perigee = require "perigee"

local NETWORKS = { "instagram", "x", "linkedin" } -- the first of these that they have

-- Their answer to a mail and one reminder; nil, and why mail has failed.
local function by_mail(contact)
  if not contact:can "email" then return nil, "no address" end
  contact:send("email", "hello")
  local reply, _, code = contact:wait_reply "4 business days"
  if reply or code == "bounced" then return reply, code end
  contact:send("email", "reminder") -- same thread, same subject
  reply, _, code = contact:wait_reply "4 business days"
  return reply, code or "silent"
end

return perigee.sequence {
  name  = "email-then-dm",
  title = "E-mail first, a private message if mail fails",
  needs = { send = { "email", "instagram", "x", "linkedin" }, task = true },
  topic = "collaboration",
  run   = function(contact)
    local reply, why = by_mail(contact)
    if not reply then
      contact:label("mail-failed")
      contact:note("E-mail has failed: " .. why)
      local message = contact:try_reach(NETWORKS, "dm")
      if not message then return why end
      reply = contact:wait_reply "10 days"
    end
    if not reply then return "silent" end
    contact:set { stage = "talking" }
    contact:task { kind = "message", note = ("Answered on %s: %s"):format(reply.channel, reply.text), due = "1 business day" }
    return "replied"
  end,
}

-- SPDX-License-Identifier: MIT
-- Briefs a creator by e-mail and listens. A question or two are answered by mail; three, or somebody who is lost, are worth a call, which
-- is offered and becomes a task.
local perigee = require "perigee"

local MANY = 3 -- questions from which a call is quicker than mail

local function questions(text)
  local _, marks = text:gsub("%?+", "")
  return marks
end

return perigee.sequence {
  name       = "brief-onboarding",
  title      = "Brief by mail, by call if there are many questions",
  needs      = { send = { "email" }, task = true },
  topic      = "brief",
  on_handled = "continue", -- somebody of the team answers questions by hand meanwhile
  run        = function(contact)
    contact:send("email", "brief")
    local asked = 0
    repeat
      local reply = contact:wait_reply "5 business days"
      if not reply then break end
      asked = asked + questions(reply.text)
      if asked >= MANY or contact.labels.confused then
        contact:try_send("email", "call-slot", { vars = { asked = asked } })
        contact:task { kind = "call", note = ("Go through the brief; %d questions so far, the last: %s"):format(asked, reply.text), due = "2 business days" }
        return "call"
      end
      if questions(reply.text) > 0 then
        contact:task { kind = "message", note = "Answer: " .. reply.text, due = "1 business day" }
      end
    until false
    contact:set { stage = "briefed" }
    return asked > 0 and "answered by mail" or "clear"
  end,
}

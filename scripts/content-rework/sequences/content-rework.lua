-- SPDX-License-Identifier: MIT
-- Content must be done again: nobody wants to read that in a mail. A person calls; what was agreed on the phone goes out by e-mail, in the
-- words with which they ticked the task: "agreed: a new opening, by Friday".
local perigee = require "perigee"

local CALLS = 3

-- Has a person call, again the next day where nobody picks up. What was agreed; or nil and how it ended.
local function call(contact, note)
  for n = 1, CALLS do
    contact:task { kind = "call", note = note .. (n > 1 and (" (call %d)"):format(n) or ""), due = "end of business day" }
    local done = contact:wait("task_done", "1 week")
    if not done then return nil, "nobody called" end
    local outcome = done.outcome or ""
    if outcome ~= "no answer" then return outcome:match "^%s*[Aa]greed:%s*(.+)$", outcome end
    perigee.sleep "next business day 10:00"
  end
  return nil, "no answer"
end

return perigee.sequence {
  name     = "content-rework",
  title    = "Content that must be done again",
  needs    = { send = { "email" }, task = true },
  topic    = "rework",
  on_reply = "continue",       -- whoever writes before the call is called all the same
  run      = function(contact)
    local content = contact.fields.content
    local agreed, outcome = call(contact, ("Talk about \"%s\": %s"):format(content, contact.fields.rework))
    if not agreed then
      contact:task { kind = "review", note = ("\"%s\" is not settled (%s): decide what happens"):format(content, outcome) }
      return "not settled"
    end
    contact:set { agreed = agreed }
    local hung_up = perigee.now()
    perigee.sleep "open hours"
    local last = contact:messages { direction = "in", limit = 1 }[1]
    if last and last.kind == "reply" and last.at > hung_up then
      contact:task { kind = "review", note = "Wrote after the call, so nothing was confirmed: " .. last.text }
      return "wrote after the call"
    end
    contact:send("email", "what-we-agreed", { vars = { agreed = agreed } })
    local reply = contact:wait_reply "3 business days"
    if not reply then return "agreed" end
    contact:task { kind = "review", note = "Answered what was agreed: " .. reply.text }
    return "answered"
  end,
}

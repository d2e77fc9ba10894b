-- SPDX-License-Identifier: MIT
-- Each working day: who has left our last word unanswered for too long, in a stage where they should be talking to us? A silence
-- lasts until they write again, so the day of their own last word is the key: one silence, one nudge.
local perigee = require "perigee"

local patience = { contacted = 10, talking = 6, agreed = 4, briefed = 7, published = 10 } -- days, by stage

local function day_of(text)
  local year, month, day = tostring(text):match "^(%d%d%d%d)-(%d%d)-(%d%d)$"
  return year and os.time { year = year, month = month, day = day }
end

-- When we wrote last, if it is they who owe an answer (before perigee: the column last_contact), and the day of their last word.
local function silence(contact)
  local messages = contact:messages { limit = 1 }
  if not messages[1] then return day_of(contact.fields.last_contact), "never" end
  if messages[1].direction == "in" then return nil end
  local theirs = contact:messages { direction = "in", limit = 1 }[1]
  return messages[1].at, theirs and os.date("!%Y-%m-%d", theirs.at) or "never"
end

return perigee.job {
  name     = "find-silent",
  title    = "Who fell silent",
  schedule = "every weekday at 08:30",
  needs    = { contacts = "write" },
  limits   = { cpu_ms = 2000, memory_mb = 64 },   -- it looks at everybody
  run      = function(job)
    local found = 0
    for stage, days in pairs(patience) do
      for _, contact in ipairs(assert(perigee.contacts.find { stage = stage })) do
        local since, key = silence(contact)
        if since and job.due - since > days * 86400 and contact:enrol("silent-nudge", key) then found = found + 1 end
      end
    end
    perigee.log(found .. " fell silent")
    return found .. " fell silent"
  end,
}

-- SPDX-License-Identifier: MIT
-- Each morning: who is in the middle of something and has heard nothing for days? They get a label, which the sheet shows, and whoever owes
-- them an answer a task.
local perigee = require "perigee"
local business = require "perigee.business"

local WE_ANSWER_WITHIN, THEY_MAY_TAKE = 2, 7      -- business days

-- When something was last said, and whether it was they who said it: from the messages, else from the sheet.
local function last_word(contact)
  local last = contact:messages { limit = 1 }[1]
  if last then return last.at, last.direction == "in" end
  local date = (contact.fields.last_word or ""):match "^%d%d%d%d%-%d%d%-%d%d$"
  return date and perigee.date(perigee.now(), date), contact.fields.waiting_for == "us"
end

return perigee.job {
  name     = "forgotten",
  title    = "Who was forgotten",
  schedule = "every weekday at 08:30",
  needs    = { contacts = "write", task = true },
  limits   = { cpu_ms = 500 },
  run      = function()
    local ours, theirs, forgotten = business.add(-WE_ANSWER_WITHIN), business.add(-THEY_MAY_TAKE), 0
    for _, contact in ipairs(perigee.contacts.segment "open") do
      local at, owed = last_word(contact)
      local late = at and at < (owed and ours or theirs)
      if not late and contact.labels.forgotten then contact:unlabel "forgotten" end
      if late and not contact.labels.forgotten then
        forgotten = forgotten + 1
        contact:label "forgotten"
        contact:set { waiting_for = owed and "us" or "them" }
        contact:task { kind = "message", note = ("%s since %s, stage %s"):format(owed and "Waits for our answer" or "Nothing was said",
          os.date("!%Y-%m-%d", at), contact.stage) }
      end
    end
    perigee.log(("%d were forgotten"):format(forgotten))
  end,
}

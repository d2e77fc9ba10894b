-- SPDX-License-Identifier: MIT
-- Each Monday morning: last week's feedback as a report, once, and a mail of it to each of us (the label `team`).
local digest = require "perigee.digest"
local perigee = require "perigee"

return perigee.job {
  name     = "weekly-digest",
  title    = "The week's feedback",
  schedule = "every monday at 08:30",
  needs    = { contacts = "read", store = true },
  run      = function(job)
    local report = digest.take("feedback", { days = 7, at = job.due })
    local team = perigee.contacts.find { label = "team" }
    for _, colleague in ipairs(team) do
      colleague:enrol("send-digest", report.period)   -- the same week is sent to nobody twice
    end
    return ("%d said, told to %d"):format(report.total, #team)
  end,
}

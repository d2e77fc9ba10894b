-- SPDX-License-Identifier: MIT
-- The week's report for one of us, in our language. Where a topic grows or sours suddenly, those who can act on it (the label `product`)
-- get a task besides.
local digest = require "perigee.digest"
local perigee = require "perigee"

return perigee.sequence {
  name     = "send-digest",
  title    = "The week's feedback, to one of us",
  needs    = { send = { "email" }, task = true, store = true },
  on_reply = "continue",
  run      = function(contact)
    local report = digest.last "feedback"
    if not report then return "no report" end
    contact:send("email", "digest", { vars = { report = digest.text(report, contact.locale), total = report.total, monday = report.period:sub(1, 10) } })
    for _, row in ipairs(report.rows) do
      if row.spike and contact.labels.product then
        contact:task { kind = "review", due = "2 business days",
          note = ("%s: %d this week, %d the week before, %d unhappy. What has happened?"):format(row.tag, row.n, row.before, row.bad) }
      end
    end
    return "sent"
  end,
}

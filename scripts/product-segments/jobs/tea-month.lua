-- SPDX-License-Identifier: MIT
-- On the first of each month: the news of tea for those who care about tea.
local perigee = require "perigee"

return perigee.job {
  name     = "tea-month",
  schedule = "every month on the 1st at 10:00",
  needs    = { contacts = "read" },
  run      = function(job)
    for _, contact in ipairs(perigee.contacts.segment "tea") do
      contact:enrol("tea-news", os.date("!%Y-%m", job.due))     -- once a month, whatever happens
    end
  end,
}

-- SPDX-License-Identifier: MIT
-- On the fifteenth, so that nobody who likes both gets two mails on one day: the news of coffee.
local perigee = require "perigee"

return perigee.job {
  name     = "coffee-month",
  schedule = "every month on the 15th at 10:00",
  needs    = { contacts = "read" },
  run      = function(job)
    for _, contact in ipairs(perigee.contacts.segment "coffee") do
      contact:enrol("coffee-news", os.date("!%Y-%m", job.due))     -- once a month, whatever happens
    end
  end,
}

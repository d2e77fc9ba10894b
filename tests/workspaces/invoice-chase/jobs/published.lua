-- SPDX-License-Identifier: MIT
-- Whose post is online is chased for the invoice: once for each post.
local perigee = require "perigee"
return perigee.job {
  name     = "published",
  schedule = "every weekday at 09:00",
  needs    = { contacts = "read" },
  run      = function(job)
    for _, contact in ipairs(perigee.contacts.segment "online") do
      contact:enrol("invoice-chase", contact.fields.post)
    end
  end,
}

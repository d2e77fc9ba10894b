-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.job {
  name     = "weekly",
  schedule = "every monday at 09:00",
  needs    = { contacts = "write", store = true },
  run      = function(job)
    local found = perigee.contacts.find { label = "press" }
    for _, contact in ipairs(found) do contact:enrol("payer", os.date("!%Y-%m-%d", job.due)) end
    perigee.store.add("weeks", 1)
    local new = perigee.contacts.upsert { email = "new@example.com", name = "New One" }
    new:label "made-by-job"
    return #found .. " enrolled"
  end,
}

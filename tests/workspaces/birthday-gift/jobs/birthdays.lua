-- SPDX-License-Identifier: MIT
-- Every morning: the partners whose birthday is today.
local perigee = require "perigee"
local birthday = require "birthday"

return perigee.job {
  name     = "birthdays",
  schedule = "every day at 07:00",
  missed   = "all",           -- a morning on which the machine was off is made up
  needs    = { contacts = "read" },
  run      = function(job)
    local found = 0
    for _, contact in ipairs(perigee.contacts.segment "partners") do
      if birthday.is_on(contact.fields.birthday, job.due) then
        contact:enrol("birthday-gift", os.date("%Y", job.due))
        found = found + 1
      end
    end
    return found .. " birthdays"
  end,
}

-- SPDX-License-Identifier: MIT
-- Every Thursday morning: the issue that lib/issue.lua describes, to all readers, and its announcement. If the file was not edited since last
-- week, nobody gets anything: an issue goes to each person once.
local perigee = require "perigee"
local issue = require "issue"

return perigee.job {
  name     = "weekly-letter",
  title    = "The letter, every Thursday",
  schedule = "every thursday at 10:00",
  needs    = { contacts = "read" },
  run      = function()
    for _, reader in ipairs(perigee.contacts.find { label = "letter" }) do reader:enrol("letter", issue.key) end
    for _, colleague in ipairs(perigee.contacts.find { label = "desk" }) do colleague:enrol("announce", issue.key) end
  end,
}

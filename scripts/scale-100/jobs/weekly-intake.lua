-- SPDX-License-Identifier: MIT
-- Every Monday so many creators as the team can look after are taken from the list: each gets somebody of the team, in turn, and the first mail.
local perigee = require "perigee"
local team = require "team"

local A_WEEK = 30     -- about 130 a month

return perigee.job {
  name     = "weekly-intake",
  title    = "New creators of the week",
  schedule = "every monday at 08:00",
  needs    = { contacts = "write", store = true },
  run      = function()
    local taken = 0
    for _, contact in ipairs(perigee.contacts.segment "waiting") do
      if taken == A_WEEK then break end
      taken = taken + 1
      if not contact.owner then
        local turn = perigee.store.add("turn", 1)
        contact:set { owner = team.people[(turn - 1) % #team.people + 1] }
      end
      contact:label "written"
      contact:enrol "scale-100"
    end
    perigee.log(("%d new creators"):format(taken))
  end,
}

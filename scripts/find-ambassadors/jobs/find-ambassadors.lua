-- SPDX-License-Identifier: MIT
-- Each Monday: who speaks of us most, and well enough to be asked? A few at a time, so that a person has time for each of them.
-- Counts what the networks reported (hooks/social.lua), and the columns of a monthly export where there are any.
local perigee = require "perigee"
local score = require "perigee.score"

local THRESHOLD, A_WEEK = 40, 5
local columns = { mentions = "mention", shares = "share", comments = "comment", defended = "defence" }

local function exported(contact)
  local points, network = 0, contact.fields.network or "instagram"
  for column, kind in pairs(columns) do
    points = points + (score.of { network = network, kind = kind, n = tonumber(contact.fields[column]) or 0 } or 0)
  end
  return points
end

return perigee.job {
  name     = "find-ambassadors",
  title    = "Who could be an ambassador",
  schedule = "every monday at 08:00",
  needs    = { contacts = "write", store = true },
  limits   = { cpu_ms = 2000, memory_mb = 64 },   -- it looks at everybody
  run      = function(job)
    local list = score.rank(assert(perigee.contacts.find { label = "community" }))
    for _, one in ipairs(list) do one.points = one.score + exported(one.contact) end
    table.sort(list, function(a, b) return a.points > b.points end)
    local asked = 0
    for _, one in ipairs(list) do
      if one.points < THRESHOLD or asked == A_WEEK then break end
      if not one.contact.labels.ambassador and one.contact:enrol "ambassador-invite" then
        one.contact:set { score = math.floor(one.points) }
        one.contact:note(table.concat(score.explain(one.contact), "\n"))
        asked = asked + 1
      end
    end
    perigee.log(("%d looked at, %d invited"):format(#list, asked))
    return asked .. " invited"
  end,
}

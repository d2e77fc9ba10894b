-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local score = require "perigee.score"

return perigee.sequence {
  name  = "ranked",
  needs = { store = true, contacts = "read" },
  run   = function(contact)
    score.add(contact, { network = "tiktok", kind = "share", n = contact.fields.shares })
    perigee.sleep "1 minute"
    local said = {}
    for _, one in ipairs(score.rank(perigee.contacts.find { label = "fan" })) do
      said[#said + 1] = ("%s %.0f %s"):format(one.contact.id, one.score, one.tier)
    end
    return table.concat(said, ", ")
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name = "fresh",
  run  = function(contact)
    contact:set { stage = "talking", city = "Lyon" }
    contact:label "seen"
    local now = contact.stage .. contact.fields.city .. tostring(contact.labels.seen)
    perigee.sleep "1 hour"
    contact:unlabel "seen"
    return now .. " " .. tostring(contact.labels.seen)
  end,
}

-- SPDX-License-Identifier: MIT
-- Your contract tool, your calendar, your accounting: POST { "email": "...", "event": "signed" }, or published, or paid.
local perigee = require "perigee"

local events = { signed = true, published = true, paid = true }

return perigee.hook {
  name   = "deals",
  title  = "What other tools know of a deal",
  verify = { token = perigee.secret "deals", header = "X-Deals-Key" },
  needs  = { contacts = "read" },
  run    = function(request)
    local said = request.json or {}
    if not events[said.event] then return "no such event" end
    local found = said.email and perigee.contacts.find { email = said.email, limit = 1 } or {}
    if not found[1] then return "nobody has this address" end
    found[1]:signal(said.event)
    return said.event
  end,
}

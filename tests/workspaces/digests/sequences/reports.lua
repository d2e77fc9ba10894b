-- SPDX-License-Identifier: MIT
-- Adds what it is signalled, and reports when it is asked.
local digest = require "perigee.digest"
local perigee = require "perigee"

return perigee.sequence {
  name      = "reports",
  needs     = { store = true },
  starts_on = { "signal:said", "signal:report" },
  run       = function(contact)
    local event = contact:wait({ "signal:said", "signal:report" }, "1 minute")
    if event.event == "signal:said" then
      digest.add("voices", { tag = event.data.tag, text = event.data.text, contact = contact })
      return "added"
    end
    return digest.text(digest.take("voices", { days = event.data.days }), contact.locale)
  end,
}

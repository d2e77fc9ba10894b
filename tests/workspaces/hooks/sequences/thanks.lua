-- SPDX-License-Identifier: MIT
-- Who pays is thanked, and asked once the parcel has come.
local perigee = require "perigee"

return perigee.sequence {
  name      = "thanks",
  needs     = { send = { "email" } },
  starts_on = { "signal:paid" },
  run       = function(contact)
    local paid = contact:wait("signal:paid", "1 minute")
    contact:send("email", "thanks", { vars = { order = paid.data.order } })
    local come = contact:wait("signal:delivered", "2 weeks")
    if not come then return "no parcel" end
    contact:send("email", "how-was-it")
    local reply = contact:wait_reply "1 week"
    return reply and "answered" or "silent"
  end,
}

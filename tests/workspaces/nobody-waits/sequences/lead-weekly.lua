-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
return perigee.sequence {
  name      = "lead-weekly",
  needs     = { send = { "email" } },
  starts_on = { "signal:weekly" },
  on_reply  = "continue",
  run = function(contact)
    local data = contact:wait("signal:weekly").data
    contact:send("email", "weekly", { vars = { came = data.came, in_time = data.in_time, late = data.late, waiting = data.waiting }, thread = "new" })
    return "told"
  end,
}

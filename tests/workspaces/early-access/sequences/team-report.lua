-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name      = "team-report",
  title     = "Monday's numbers for the team",
  needs     = { send = { "email" } },
  starts_on = { "signal:early-report" },
  run       = function(contact)
    local report = contact:wait "signal:early-report"
    contact:send("email", "report", { vars = report.data, thread = "new" })
    return "told"
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.job {
  name = "weekly", schedule = "every friday at 10:00", needs = { broadcast = true },
  run  = function(job)
    perigee.broadcast { channel = "slack", to = "#team", template = "launch", vars = { product = "Week" }, at = "2 hours" }
  end,
}

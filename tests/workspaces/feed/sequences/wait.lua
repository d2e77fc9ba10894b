-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name = "wait",
  run  = function() perigee.sleep "60 days" end,
}

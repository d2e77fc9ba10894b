-- SPDX-License-Identifier: MIT
-- Fails on what it does not know.
local perigee = require "perigee"

return perigee.hook {
  name   = "broken",
  verify = { token = perigee.secret "broken", header = "X-Token" },
  run    = function(request)
    return request.json.order.id
  end,
}

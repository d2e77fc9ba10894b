-- SPDX-License-Identifier: MIT
-- Business hours of the team (the workspace's own).
local business = require "perigee.business"
local hours = {}
function hours.after(time, seconds)
  local from = business.next_open(time, "workspace")
  while true do
    local close = business.end_of_day(from, "workspace")
    if close - from >= seconds then return from + seconds end
    seconds = seconds - (close - from)
    from = business.next_open(close + 60, "workspace")
  end
end
return hours

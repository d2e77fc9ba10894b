-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name = "leader",
  run  = function(contact)
    local said = { tostring(contact:enrol "other"), tostring(contact:enrol "other"), tostring(contact:enrol("no-" .. "such")) }
    perigee.sleep "1 hour"
    contact:stop "other"
    local _, text, code = contact:enrol("other")
    said[#said + 1] = text:match "^already ran: %w+" .. " " .. code
    return table.concat(said, "; ")
  end,
}

-- SPDX-License-Identifier: MIT
-- Somebody writes, on whatever channel, and no other script is waiting for it: the sheet hears of it.
local perigee = require "perigee"
local sheet = require "sheet"

return perigee.sequence {
  name      = "they-wrote",
  title     = "Whoever writes is in the sheet",
  starts_on = { "message" },
  run       = function(contact)
    local message = contact:wait_reply()
    if message then sheet.heard(contact, message) end
  end,
}

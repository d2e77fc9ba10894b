-- SPDX-License-Identifier: MIT
local ack = require "perigee.ack"
local perigee = require "perigee"

return perigee.sequence {
  name       = "acks",
  needs      = { send = { "email" }, task = true, store = true },
  on_reply   = "continue",
  on_handled = "continue",
  starts_on  = { "message" },
  run        = function(contact)
    local message = contact:wait_reply "1 minute"
    local who = ack.within(contact, "1h", { message = message, template = "received", closed = "received-closed", vars = { back = ack.back } })
    if who == "automatic mail" then return who end
    return (who or "not sent") .. ", " .. ack.overdue(contact, "1 business day", { message = message })
  end,
}

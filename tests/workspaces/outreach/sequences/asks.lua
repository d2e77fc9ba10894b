-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local preference = require "perigee.preference"

return perigee.sequence {
  name  = "asks",
  needs = { send = { "email" }, task = true },
  run   = function(contact)
    local answer, _, code = preference.ask(contact, { channel = "email", template = "which", within = "3 days", among = { "email", "whatsapp" }, label = "asked" })
    if not answer then return code end
    return answer.did
  end,
}

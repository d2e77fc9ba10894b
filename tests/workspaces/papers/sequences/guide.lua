-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local gate = require "perigee.gate"

return perigee.sequence {
  name  = "guide",
  needs = { send = { "email" }, store = true },
  run   = function(contact)
    local ok, _, code = gate.confirm(contact, { channel = "email", template = "confirm", again = "confirm-again", within = "10 days" })
    if code == "replied" then return code end
    if not ok then return gate.forget(contact, { unlabel = "guide" }) end
    local url, _, why = gate.deliver(contact, { channel = "email", template = "guide", again = "guide-again" })
    return url and "opened " .. url or why
  end,
}

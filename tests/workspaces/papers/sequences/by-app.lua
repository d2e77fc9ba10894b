-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "by-app",
  needs = { send = { "telegram", "instagram" } },
  run   = function(contact)
    local channel = contact.fields.by
    local _, text, code = contact:try_send(channel, "short", { documents = "contract", vars = { number = "2026-0001" } })
    return code and code .. ": " .. text or "sent"
  end,
}

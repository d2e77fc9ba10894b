-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local channels = require "perigee.channels"

return perigee.sequence {
  name     = "best",
  needs    = { send = { "email", "telegram", "linkedin" } },
  on_reply = "continue",
  run      = function(contact)
    for _ = 1, tonumber(contact.fields.rounds) do
      for _, channel in ipairs { "email", "telegram" } do
        contact:try_send(channel, "chat", { thread = "new" })
        contact:wait_reply "2 weeks"
      end
    end
    local channel, why = channels.best(contact, { among = { "telegram", "email", "linkedin" } })
    return channel and why or "nil: " .. why
  end,
}

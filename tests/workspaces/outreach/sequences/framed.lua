-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local channels = require "perigee.channels"

local frame = channels.frame { { "whatsapp", "quick" }, { "email", "contract", "invoice" }, { "call", "sensitive" } }

return perigee.sequence {
  name  = "framed",
  needs = { send = { "email" } },
  run   = function(contact)
    local theirs = frame:fit(contact)
    contact:send("email", "frame", { vars = { frame = theirs:text(contact.locale), sentence = theirs:sentence(contact.locale) } })
    local open, how = channels.reachable(contact, { "whatsapp", "email", "call" })
    return table.concat(open, ",") .. " " .. tostring(how.call) .. " " .. theirs:channel "quick"
  end,
}

-- SPDX-License-Identifier: MIT
-- Asks the creators you work with which channel they like best, reads their answer, keeps it and says so. An answer that can't be told for
-- certain is read by a person; nobody is asked twice.
local perigee = require "perigee"
local channels = require "perigee.channels"
local preference = require "perigee.preference"

local OFFERED = { "email", "whatsapp", "instagram" } -- what the template offers

return perigee.sequence {
  name  = "ask-preference",
  title = "Which channel do they like best?",
  needs = { send = { "email" }, task = true },
  run   = function(contact)
    if contact.preferred_channel then return "known: " .. contact.preferred_channel end
    local answer, _, code = preference.ask(contact, {
      channel = "email", template = "which-channel", within = "6 business days", among = OFFERED, label = "asked-channel",
    })
    if code == "bounced" then return "bounced" end
    if not answer then
      contact:label "reads-no-mail" -- whoever does not answer this by mail may be met elsewhere
      return "silent"
    end
    if not answer.channel then return answer.reading end
    contact:send("email", "noted", { vars = { channel = channels.name(answer.channel, contact.locale) } })
    local again = contact:wait_reply "2 days"
    if again then contact:task { kind = "review", note = "A second thought about the channel? " .. again.text } end
    return "prefers " .. answer.channel
  end,
}

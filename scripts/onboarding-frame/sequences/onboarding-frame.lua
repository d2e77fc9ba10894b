-- SPDX-License-Identifier: MIT
-- Tells a new creator on the day they sign where to write to us about what: WhatsApp for quick things, e-mail for what must leave a trace, a
-- call for what is delicate. The frame is fitted to who they are, kept in their fields, and changed by a person if they want it otherwise.
local perigee = require "perigee"
local channels = require "perigee.channels"
local preference = require "perigee.preference"

local FRAME = channels.frame {
  { "whatsapp", "quick", "schedule", "content" },
  { "email", "contract", "invoice", "brief" },
  { "call", "sensitive", "clarify" },
}

return perigee.sequence {
  name      = "onboarding-frame",
  title     = "Which channel for what",
  needs     = { send = { "email", "whatsapp", "call" }, task = true }, -- the last two only to know whether they are open
  starts_on = { "signal:signed" },
  on_reply  = "continue", -- who has written meanwhile is welcomed all the same
  run       = function(contact)
    local frame = FRAME:fit(contact)
    contact:send("email", "welcome", { vars = { frame = frame:lines(contact.locale) } })
    contact:set { stage = "agreed", channel_quick = frame:channel "quick", channel_contracts = frame:channel "contract",
      channel_sensitive = frame:channel "sensitive" }
    local reply = contact:wait_reply "1 week"
    if not reply then return "told" end
    local channel, _, found = preference.parse(reply.text, { locale = contact.locale, among = frame:channels() })
    if channel then contact:set { preferred_channel = channel } end
    if channel or found.avoid[1] then
      contact:task { kind = "review", note = "Another frame may suit them: " .. reply.text, due = "1 business day" }
      return "to be adapted"
    end
    contact:task { kind = "message", note = "Answered the welcome: " .. reply.text, due = "1 business day" }
    return "told, and answered"
  end,
}

-- SPDX-License-Identifier: MIT
-- Begins by e-mail and moves to WhatsApp with those who want to, because chats are quicker there. WhatsApp needs their consent: it is asked
-- for by mail, and a person records it; no script can. Who would rather not stays with e-mail.
local perigee = require "perigee"
local preference = require "perigee.preference"

local RECORD = "%s would like to go on by WhatsApp: \"%s\"\nIf you agree, record it: perigee contacts set %s consent=\"whatsapp: opt-in\" phone=%s"

-- Asks whether WhatsApp is fine; true once it may be used.
local function may_use_whatsapp(contact)
  contact:send("email", "whatsapp-too")
  local reply = contact:wait_reply "5 business days"
  if not reply then return false end
  local channel, _, found = preference.parse(reply.text, { locale = contact.locale, among = { "email", "whatsapp" } })
  if channel ~= "whatsapp" then
    if channel then contact:set { preferred_channel = channel } end
    contact:task { kind = "message", note = "Stays with e-mail: " .. reply.text, due = "1 business day" }
    return false
  end
  contact:set { preferred_channel = "whatsapp" }
  contact:task { kind = "review", note = RECORD:format(contact.name, reply.text, contact.id, found.number or contact.phone or "NUMBER"), due = "1 business day" }
  contact:wait("task_done", "5 business days")
  return contact:can "whatsapp" ~= nil
end

return perigee.sequence {
  name  = "email-then-whatsapp",
  title = "From e-mail to WhatsApp",
  needs = { send = { "email", "whatsapp" }, task = true },
  topic = "collaboration",
  run   = function(contact)
    contact:send("email", "proposal")
    local reply = contact:wait_reply "4 business days"
    if not reply then
      contact:send("email", "reminder") -- same thread, same subject
      reply = contact:wait_reply "4 business days"
    end
    if not reply then return "silent" end
    if preference.declines(reply.text) then
      contact:task { kind = "review", note = "Sounds like a no: " .. reply.text }
      return "declined"
    end
    contact:set { stage = "talking" }
    if not contact:can "whatsapp" and not may_use_whatsapp(contact) then return "by e-mail" end
    contact:send("whatsapp", "hello-again")
    reply = contact:wait_reply "3 business days"
    contact:task { kind = "message", note = reply and "On WhatsApp: " .. reply.text or "Quiet on WhatsApp: look in, or call", due = "1 business day" }
    return "on WhatsApp"
  end,
}

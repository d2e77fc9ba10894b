-- SPDX-License-Identifier: MIT
-- Begins with a private message on Instagram, which a person sends; asks who answers for an e-mail address, reads it in what they write, and
-- goes on by e-mail, where the outline and later the contract belong.
local perigee = require "perigee"
local preference = require "perigee.preference"

-- Keeps the address that an answer holds; true if it holds one. One that is somebody else's already is for a person to look at.
local function keep_address(contact, reply)
  local _, _, found = preference.parse(reply.text, contact.locale)
  if not found.address then return false end
  local kept, text = true, nil
  if not contact.email then kept, text = perigee.contacts.upsert { id = contact.id, email = found.address } end
  if not kept then contact:task { kind = "review", note = ("%s gave the address %s: %s"):format(contact.name, found.address, text) } end
  return true
end

return perigee.sequence {
  name  = "dm-to-email",
  title = "From a private message to e-mail",
  needs = { send = { "instagram", "email" }, task = true, contacts = "write" },
  topic = "collaboration",
  run   = function(contact)
    contact:send("instagram", "dm") -- by hand, if they never wrote to us there
    local reply = contact:wait_reply "1 week"
    if not reply then return "silent" end
    if preference.declines(reply.text) then
      contact:task { kind = "review", note = "Sounds like a no: " .. reply.text }
      return "declined"
    end
    contact:set { stage = "contacted" }
    if not keep_address(contact, reply) and not contact.email then
      contact:send("instagram", "ask-address")
      reply = contact:wait_reply "4 days"
      if reply then keep_address(contact, reply) end
    end
    if not contact:can "email" then
      contact:task { kind = "message", note = "No address to write to; go on here: " .. (reply and reply.text or "no answer to the question") }
      return "stays on Instagram"
    end
    contact:label "moved-to-email"
    contact:send("email", "outline")
    reply = contact:wait_reply "5 business days"
    if not reply then return "has the outline" end
    contact:set { stage = "talking" }
    contact:task { kind = "message", note = "On the outline: " .. reply.text, due = "1 business day" }
    return "talking"
  end,
}

-- SPDX-License-Identifier: MIT
-- Something rare, for ambassadors only: so many places, first come, first served, and a waiting list. A "yes" is a claim; what is
-- neither yes nor no is a person's. Who can't take it after all (signal "give-back") makes room for the next.
local perigee = require "perigee"
local offer = require "perigee.offer"
local answer = require "answer"

local drop = { name = "first-harvest", places = 20, closes = "10 days" }

-- Who waits and has opted out since, or is no contact any more, is passed over.
local function reachable(id)
  local waiting = perigee.contacts.get(id)
  return waiting and waiting:can "email"
end

-- Has a place: until the end they may give it back, and the next in line hears of it.
local function keep(contact, template)
  contact:label "first harvest"
  contact:task { kind = "gift", note = ("Send the first harvest to %s, %s"):format(contact.name, contact.fields.city or "address unknown") }
  contact:send("email", template)
  if not contact:wait("signal:give-back", "3 weeks") then return "has a place" end
  for _, id in ipairs(offer.give_back(contact, drop.name, reachable)) do perigee.contacts.get(id):signal "place-free" end
  contact:unlabel "first harvest"
  return "gave it back"
end

return perigee.sequence {
  name       = "secret-drop",
  title      = "A limited offer to ambassadors",
  needs      = { send = { "email" }, task = true, store = true, contacts = "write" },
  topic      = "secret drop",
  on_reply   = "continue",     -- a second mail from them changes nothing about their place,
  on_handled = "continue",     -- nor do the answers of a person
  run        = function(contact)
    offer.open(drop)
    if offer.left(drop.name) == 0 then return "too late" end
    contact:send("email", "drop", { vars = { places = drop.places }, before = drop.closes })
    local wants
    repeat
      local reply = contact:wait_reply(drop.closes)
      if not reply then return "silent" end
      wants = answer.read(reply.text)
      if wants == nil then contact:task { kind = "message", note = ("%s on the first harvest: %s"):format(contact.name, reply.text) } end
    until wants ~= nil
    if not wants then return "no, thank you" end
    local place, text, code, number = offer.claim(contact, drop.name)
    if place then return keep(contact, "place") end
    if code ~= "full" then
      contact:task { kind = "message", note = ("%s said yes, but %s."):format(contact.name, text) }
      return code
    end
    contact:send("email", "waiting", { vars = { number = number } })
    if not contact:wait("signal:place-free", "3 weeks") then return "waited" end
    return keep(contact, "place-free")
  end,
}

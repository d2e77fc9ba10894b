-- SPDX-License-Identifier: MIT
-- Claims one of two places; gives it back when told to; hears when one is free.
local perigee = require "perigee"
local offer = require "perigee.offer"

return perigee.sequence {
  name  = "claims",
  needs = { store = true, contacts = "write" },
  run   = function(contact)
    local drop = { name = "box", places = 2, closes = "10 days", waiting = contact.fields.waiting ~= "no" }
    local said = {}
    local function try()
      local place, _, code, number = offer.claim(contact, drop)
      said[#said + 1] = place and "place " .. place or code .. (number and " " .. number or "")
    end
    try()
    try()
    local event = contact:wait({ "signal:back", "signal:free", "signal:again" }, "8 days")
    while event do
      if event.event == "signal:back" then
        local function may(id)
          local waiting = perigee.contacts.get(id)
          return waiting and waiting:can "email"
        end
        for _, id in ipairs(offer.give_back(contact, "box", contact.fields.careful and may or nil)) do perigee.contacts.get(id):signal "free" end
        said[#said + 1] = "back, left " .. offer.left "box"
      elseif event.event == "signal:again" then
        try()
      else
        said[#said + 1] = "moved up to " .. tostring(offer.place(contact, "box"))
      end
      event = contact:wait({ "signal:back", "signal:free", "signal:again" }, "8 days")
    end
    local line = offer.line "box"
    contact:set { said = table.concat(said, ", ") }
    perigee.sleep "3 days"
    local _, _, code = offer.claim("somebody else", "box")
    local _, _, unknown = offer.claim(contact, "no-such")
    return ("%s | %s; %s | left %d %s %s"):format(contact.fields.said, table.concat(line.places, " "), table.concat(line.waiting, " "), offer.left "box", code, unknown)
  end,
}

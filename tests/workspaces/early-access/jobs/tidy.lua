-- SPDX-License-Identifier: MIT
-- Places and turns of people who may no longer be written to go to the next one: an opt-out ends their run from outside.
local perigee = require "perigee"
local offer = require "perigee.offer"
local early = require "early"

local OFFER = { name = early.offer, places = early.places }

return perigee.job {
  name     = "tidy",
  schedule = "every day at 06:00",
  needs    = { contacts = "write", store = true },
  run      = function(job)
    local line = offer.line(OFFER)
    local function tidy(ids)
      for _, id in ipairs(ids) do
        local contact = perigee.contacts.get(id)
        local _, _, rule = true, nil, nil
        if contact then _, _, rule = contact:can "email" end
        if contact and (rule == "suppressed" or rule == "address") then
          for _, next in ipairs(offer.give_back(contact, OFFER) or {}) do
            local other = perigee.contacts.get(next)
            if other then other:signal "place" end
          end
        end
      end
    end
    tidy(line.waiting)      -- first those who wait, so that no place goes to somebody who has left
    tidy(line.places)
    return "tidy"
  end,
}

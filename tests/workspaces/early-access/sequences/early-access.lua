-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local ab = require "perigee.ab"
local offer = require "perigee.offer"
local early = require "early"

local OFFER = { name = early.offer, places = early.places }

-- A place (or one's turn on the list) goes back; who is first on the list is told by a signal.
local function give_back(contact)
  for _, id in ipairs(offer.give_back(contact, OFFER) or {}) do
    local next = perigee.contacts.get(id)
    if next then next:signal "place" end
  end
end

-- Sends; who has written meanwhile is heard first. Gives true, or nil and "gives back" or why it did not go.
local function write(contact, template, vars)
  while true do
    local message, why, _, rule = contact:try_send("email", template, { vars = vars })
    if message then return true end
    if rule ~= "unseen_reply" then return nil, why end
    local reply = contact:wait_reply "1 minute"
    if reply and early.gives_back(reply.text) then return nil, "gives back" end
    if reply then contact:task { kind = "review", note = "Early access: " .. reply.text } end
  end
end

-- Waits for the event; what they write meanwhile is read. Gives the event's name, "gives back", "gone", or nil when the time is up.
local function await(contact, event, within)
  local ends = perigee.date(nil, within)
  while true do
    local left = ends - perigee.now()
    if left <= 0 then return nil end
    local got = contact:wait({ event, "reply", "task_done", "unsubscribe", "complaint", "bounce" }, left)
    if not got then return nil end
    if got.event == event then return event end
    if got.event == "reply" then
      if early.gives_back(got.text) then return "gives back" end
      contact:task { kind = "review", note = "Early access: " .. got.text .. " (tick off as `give back` if they do not want it)" }
    elseif got.event == "task_done" then
      if got.outcome == "give back" then return "gives back" end
    else
      return "gone"
    end
  end
end

return perigee.sequence {
  name       = "early-access",
  title      = "Early access: confirm, get a place or wait for one",
  needs      = { send = { "email" }, task = true, store = true, contacts = "write" },
  on_reply   = "continue",
  on_handled = "continue",
  run        = function(contact)
    local subject = ab.variant(contact, early.test, early.subjects)
    local sent, why = write(contact, "confirm", { variant = subject })
    if not sent then return why == "gives back" and "declined" or "not asked" end
    ab.count(contact, early.test, subject, "shown")

    local confirmed = await(contact, "opt_in", "2 weeks")
    if confirmed == "gives back" then return "declined" end
    if confirmed == "gone" then return "gone" end
    if not confirmed then return "unconfirmed" end
    ab.count(contact, early.test, subject, "won")
    perigee.store.add("early/confirmed", 1)

    local place = offer.claim(contact, OFFER)
    if not place then
      sent, why = write(contact, "waiting")
      if not sent and why ~= "gives back" then contact:note("Waiting list, not told: " .. why) end
      local turn = sent and await(contact, "signal:place", "26 weeks") or why
      if turn ~= "signal:place" then
        give_back(contact)
        return turn and "left the list" or "list closed"
      end
    end

    sent, why = write(contact, "access")
    local ended = sent and await(contact, "signal:early-end", "60 days") or why
    if ended then
      give_back(contact)
      return ended == "gives back" and "gave back" or "place lost"
    end
    return "has access"
  end,
}

-- SPDX-License-Identifier: MIT
-- Something changes at the last minute: a short word on the app that they allow, the whole of it by e-mail so that there is a record, and a
-- call by a person if nobody has seen either in time.
local perigee = require "perigee"

local APPS        = { "whatsapp", "telegram", "sms" }   -- where they are seen soonest, first
local SEEN_WITHIN = "3h"
local CALL_WITHIN = "2h"
local IN_TIME     = { before = "2h" }                   -- what can't leave by then (they are away) is a call

-- The record. Who answers the short word at this very moment gets it all the same; the second result says that they did.
local function record(contact)
  local message, _, _, rule = contact:try_send("email", "change", IN_TIME)
  if rule ~= "unseen_reply" then return message, false end
  contact:wait_reply "1m"
  return contact:try_send("email", "change", IN_TIME), true
end

return perigee.sequence {
  name     = "urgent-change",
  title    = "A change at the last minute",
  needs    = { send = { "email", "whatsapp", "telegram", "sms" }, task = true },
  topic    = "change",
  on_reply = "continue",       -- whatever they write meanwhile, they must know
  run = function(contact)
    perigee.sleep "open hours"
    local short = contact:try_reach(APPS, "change-short", IN_TIME)
    local mail, answered = record(contact)
    local seen = answered or (short or mail) and contact:wait({ "reply", "message_read" }, SEEN_WITHIN)
    if not seen then
      contact:task { kind = "call", note = "Has not seen the change: " .. contact.fields.change, due = CALL_WITHIN }
      seen = contact:wait({ "task_done", "reply", "message_read" }, "2 days")
      if not seen then return "nobody knows" end
    end
    contact:set { knows_of_change = "yes" }
    return seen ~= true and seen.event == "task_done" and "called" or "seen"
  end,
}

-- SPDX-License-Identifier: MIT
-- For as long as somebody is an ambassador: listen and thank, take an interest, ask now and then, keep the score, and begin again. What
-- they write goes to a person; they are asked only when it is their turn, and thanked each time in other words.
local perigee = require "perigee"
local score = require "perigee.score"
local thanks = require "perigee.thanks"

local greetings = { "hello-harvest", "hello-question" }              -- want nothing
local asks = { "ask-share", "ask-opinion" }
local gone = { suppressed = true, address = true, consent = true }   -- rules that no later round will lift
local wordings = { "thanks-warm", "thanks-short", "thanks-playful" }

-- Two weeks of open ears: the first thing they publish about us in that time is thanked for at once. (hooks/social.lua counts.)
local function listen(contact)
  local ends, thanked = perigee.date(perigee.now(), "+2 weeks"), false
  while perigee.now() < ends do
    local event = contact:wait({ "signal:activity", "reply" }, ends - perigee.now())
    local did = event and event.data
    if event and event.event == "reply" then
      contact:task { kind = "message", note = ("Answer %s: %s"):format(contact.name, event.text) }
    elseif did and did.post and not thanked then
      thanks.say(contact, "email", wordings, { vars = { post = did.post } })
      thanked = true
    end
  end
end

return perigee.sequence {
  name       = "ambassador-loop",
  title      = "The circle of an ambassador",
  needs      = { send = { "email" }, task = true, store = true },
  topic      = "ambassadors",
  on_reply   = "continue",
  on_handled = "continue",
  run        = function(contact)
    local round = contact.state and contact.state.round or 1
    if gone[select(3, contact:can "email")] or contact.labels["former ambassador"] then return "left the circle" end
    listen(contact)
    if round % 2 == 1 then
      contact:try_send("email", greetings[round // 2 % #greetings + 1], { before = "1 week" })
    elseif score.balance(contact).ask then
      contact:try_send("email", asks[(round // 2 - 1) % #asks + 1], { before = "1 week" })
    end
    local now = score.read(contact)
    contact:set { score = math.floor(now.score), tier = now.tier or "quiet", last_activity = now.last or "none" }
    contact:restart { round = round + 1 }
  end,
}

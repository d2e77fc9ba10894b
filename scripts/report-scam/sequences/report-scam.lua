-- SPDX-License-Identifier: MIT
-- Looks at each message that no other script waits for. Scams, spam and abuse are put aside unanswered until a person has looked, and reported
-- where they came from. Who tells us of somebody that uses our name is thanked and warned at once, and the impostor becomes a task.
local moderation = require "perigee.moderation"
local perigee = require "perigee"
local networks = require "networks"
local told = require "told"

-- They told us of an impostor.
local function impostor(contact, message)
  contact:label "met an impostor"
  contact:task { kind = "other", due = "1 business day", note = "Somebody uses our name: ask for a link to the profile, report it, warn your followers. " ..
    "They wrote: “" .. message.text .. "”" }
  if message.channel == "email" then contact:send("email", "not-us") end
  if message.channel == "instagram" then contact:send("instagram", "not-us") end
  return "told us"
end

return perigee.sequence {
  name      = "report-scam",
  title     = "Scams put aside and reported",
  needs     = { send = { "email", "instagram" }, task = true, store = true },
  starts_on = { "message" },
  on_reply  = "continue",
  run       = function(contact)
    local message = contact:wait_reply "1 minute"
    if not message then return "nothing written" end
    local look = moderation.look(message.text, {
      own_domains = "brand.example", country = contact.country, repeated = moderation.repeated(contact, message.text),
    })
    if look.kind == "ok" and told:match(message.text, contact.locale) then return impostor(contact, message) end
    if look.kind == "ok" then return "harmless" end

    local _, task = moderation.quarantine(contact, look, { text = message.text, channel = message.channel, due = "1 business day" })
    if not task then return "in quarantine already" end
    local done = contact:wait("task_done", "2 weeks")
    if not done then return "nobody looked" end
    if done.outcome == "fine" then
      moderation.release(contact)
      contact:task { kind = "message", note = "It was all right: answer them. They wrote: “" .. message.text .. "”" }
      return "let out"
    end
    contact:label(look.kind)
    contact:task { kind = "other", note = networks.how(message.channel, contact) }
    return "reported"
  end,
}

-- SPDX-License-Identifier: MIT
-- Somebody speaks of us in public (a comment, a mention; above all an angry one). A person answers there, shortly and soon, and invites them to
-- a private talk; when they write, wherever that is, they hear at once that they are read, and a person has both sides before them.
local perigee = require "perigee"
local public_words = require "public_words"
local tone = require "perigee.tone"

local NETWORKS = { "instagram", "x", "messenger" }
local PRIVATE = { instagram = true, x = true, messenger = true, email = true } -- where we can answer in private; all of needs.send

-- They have written to us.
local function in_private(contact, reply)
  contact:unlabel "spoke-in-public"
  contact:task { kind = "message", due = "2 hours",
    note = ("In private on %s: %s\nIn public: %s %s"):format(reply.channel, reply.text, contact.fields.public_text or "?", contact.fields.public_url or "") }
  if PRIVATE[reply.channel] then contact:try_send(reply.channel, "we-read-you") end
  return "in private"
end

-- They have spoken of us.
local function in_public(contact, mention)
  local text, network, url = tostring(mention.text or ""), tostring(mention.network or "the web"), tostring(mention.url or "")
  local is_first = not contact.labels["spoke-in-public"] -- a second comment is answered where it stands, and that is all
  contact:label "spoke-in-public"
  contact:set { public_text = text, public_url = url }
  contact:task { kind = "other", due = "1 hour", note = ("Answer in public on %s: %s\n%s\nFor example: %s"):format(
    network, text, url, public_words.suggest(contact, tone.look(text).angry)) }
  local done = contact:wait("task_done", "2 days")
  if not is_first then return "answered in public" end
  if not done or done.outcome == "not needed" then
    contact:unlabel "spoke-in-public"
    return done and "left alone" or "nobody answered in public"
  end
  perigee.sleep "2 days"
  if not contact.labels["spoke-in-public"] then return "they wrote" end -- another run of this script has followed that
  contact:try_reach(PRIVATE[network] and { network } or NETWORKS, "private-word")
  local reply = contact:wait_reply "1 week"
  if reply then return in_private(contact, reply) end
  contact:unlabel "spoke-in-public"
  return "stays public"
end

return perigee.sequence {
  name      = "public-to-private",
  title     = "From a public comment to a private talk",
  needs     = { send = { "instagram", "x", "messenger", "email" }, task = true },
  starts_on = { "signal:mention", "message" },
  on_reply  = "continue", -- they are followed wherever the script stands
  run       = function(contact)
    local event = contact:wait({ "signal:mention", "reply" }, "1 minute")
    if not event then return "nothing was said" end
    if event.event == "signal:mention" then return in_public(contact, event.data or {}) end
    if not contact.labels["spoke-in-public"] then return "other business" end
    return in_private(contact, event)
  end,
}

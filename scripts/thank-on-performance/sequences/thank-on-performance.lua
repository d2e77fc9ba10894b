-- SPDX-License-Identifier: MIT
-- A post did better than usual: thanks in words that this person never got, and a task for a quick call while it is fresh.
-- Starts on the signal "performance" with `views` and `post`; enrolled by hand it looks at the columns of those names.
local perigee = require "perigee"
local thanks = require "perigee.thanks"

local TIMES = 2               -- so many times their usual views are worth a word
local wordings = { "thanks-numbers", "thanks-team", "thanks-short" }

return perigee.sequence {
  name      = "thank-on-performance",
  title     = "Thanks for a post that did well",
  needs     = { send = { "email" }, task = true, store = true },
  topic     = "thanks",
  starts_on = { "signal:performance" },
  on_reply  = "continue",
  run       = function(contact)
    local event = contact:wait("signal:performance", "1 minute")
    local post = event and event.data or { post = contact.fields.post, views = contact.fields.views }
    local views, usual = tonumber(post.views) or 0, tonumber(contact.fields.usual_views) or 0
    if not post.post or usual == 0 or views < TIMES * usual then return "as usual" end
    contact:note(("%q: %d views, usually %d"):format(post.post, views, usual))
    contact:task {
      kind = "call", due = "2 business days",
      note = ("Thank %s by phone, five minutes: %q has %d views, usually %d."):format(contact.name, post.post, views, usual),
    }
    local message = thanks.say(contact, "email", wordings, { vars = { post = post.post, views = views }, note = ("It is about %q."):format(post.post) })
    local reply = contact:wait_reply "2 weeks"
    if reply then contact:task { kind = "message", note = ("%s answers your thanks: %s"):format(contact.name, reply.text) } end
    return message and "thanked" or "a person thanks"
  end,
}

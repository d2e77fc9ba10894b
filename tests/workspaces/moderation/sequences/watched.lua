-- SPDX-License-Identifier: MIT
local moderation = require "perigee.moderation"
local perigee = require "perigee"

return perigee.sequence {
  name      = "watched",
  needs     = { task = true, store = true },
  starts_on = { "signal:post" },
  run       = function(contact)
    local post = contact:wait("signal:post", "1 minute")
    local look = moderation.look(post.data.text, { own_domains = "brand.example", country = contact.country,
      repeated = moderation.repeated(contact, post.data.text) })
    if look.kind == "ok" then return "fine" end
    local outcome, task = moderation.quarantine(contact, look, { text = post.data.text, channel = "instagram" })
    local done = task and contact:wait("task_done", "1 week")
    if done and done.outcome == "fine" then moderation.release(contact) end
    return outcome
  end,
}

-- SPDX-License-Identifier: MIT
-- The month's news of tea, from the address that stands for tea. Whoever answers gets a person who knows tea.
local perigee = require "perigee"

return perigee.sequence {
  name  = "tea-news",
  title = "News of tea",
  needs = { send = { "email" }, task = true },
  topic = "tea",
  run   = function(contact)
    contact:send("email", "tea-news", { from = "tea", thread = "new", before = "10 days" })
    local reply = contact:wait_reply "10 days"
    if not reply then return "sent" end
    contact:task { kind = "message", note = "Answered the news of tea: " .. reply.text, due = "1 business day" }
    return "answered"
  end,
}

-- SPDX-License-Identifier: MIT
-- The month's news of coffee, from the address that stands for coffee. Whoever answers gets a person who knows coffee.
local perigee = require "perigee"

return perigee.sequence {
  name  = "coffee-news",
  title = "News of coffee",
  needs = { send = { "email" }, task = true },
  topic = "coffee",
  run   = function(contact)
    contact:send("email", "coffee-news", { from = "coffee", thread = "new", before = "10 days" })
    local reply = contact:wait_reply "10 days"
    if not reply then return "sent" end
    contact:task { kind = "message", note = "Answered the news of coffee: " .. reply.text, due = "1 business day" }
    return "answered"
  end,
}

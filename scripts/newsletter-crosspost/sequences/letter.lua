-- SPDX-License-Identifier: MIT
-- One issue of the letter for one reader, in their language. The host lets it go only to who has opted in.
local perigee = require "perigee"
local issue = require "issue"

return perigee.sequence {
  name  = "letter",
  title = "An issue of the letter",
  needs = { send = { "email" } },
  run   = function(contact)
    local word = issue.word[(contact.locale or "en"):sub(1, 2)] or issue.word.en
    contact:send("email", "letter", { vars = { title = word.title, teaser = word.teaser, url = issue.url }, thread = "new" })
    return contact:wait("click", "4 days") and "read" or "sent"
  end,
}

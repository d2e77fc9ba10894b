-- SPDX-License-Identifier: MIT
-- Thanks its contact for each post.
local perigee = require "perigee"
local thanks = require "perigee.thanks"

local wordings = { "thanks-warm", "thanks-short", "thanks-needs-field" }

return perigee.sequence {
  name     = "thanked",
  needs    = { send = { "email" }, task = true, store = true },
  on_reply = "continue",
  run      = function(contact)
    local said = {}
    while true do
      local post = contact:wait("signal:post", "30 days")
      if not post then return table.concat(said, ", ") .. "; left " .. thanks.left(contact, wordings) end
      local nearest = thanks.next(contact, wordings)
      local message, text, code = thanks.say(contact, "email", wordings, { vars = post.data, note = "About the post." })
      said[#said + 1] = (nearest or "none") .. (message and "" or " " .. text)
    end
  end,
}

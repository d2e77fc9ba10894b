-- SPDX-License-Identifier: MIT
-- Thanks by texts of one template.
local perigee = require "perigee"
local thanks = require "perigee.thanks"

local wordings = { "You made our week.", "What a lovely post!", "That was kind of you." }

return perigee.sequence {
  name     = "texts",
  needs    = { send = { "email" }, task = true, store = true },
  on_reply = "continue",
  run      = function(contact)
    for _ = 1, 4 do
      local _, _, code = thanks.say(contact, "email", wordings, { template = "thanks-words" })
      if code then return code end
    end
  end,
}

-- SPDX-License-Identifier: MIT
-- Answers what is asked every day; the tree stands in lib/, where the tests look at it too.
local perigee = require "perigee"
local tree = require "tree"

return perigee.sequence {
  name      = "answers",
  needs     = { send = { "email" }, task = true, store = true },
  on_reply  = "continue",
  starts_on = { "message" },
  run       = function(contact)
    return tree:serve(contact, contact:wait_reply "1 minute", { unclear = "faq-unclear", handoff = "faq-person", bye = "faq-bye" })
  end,
}

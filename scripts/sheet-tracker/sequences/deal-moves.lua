-- SPDX-License-Identifier: MIT
-- What other tools report (hooks/deals.lua) moves the stage: each change has its cause, and none is forgotten.
local perigee = require "perigee"

local stages = {
  ["signal:signed"]    = { stage = "agreed", waiting_for = "us" },       -- the brief is ours to send
  ["signal:published"] = { stage = "published", waiting_for = "us" },    -- and so is the money
  ["signal:paid"]      = { stage = "paid", waiting_for = "nobody" },
}

return perigee.sequence {
  name      = "deal-moves",
  title     = "Stages that move by themselves",
  starts_on = { "signal:signed", "signal:published", "signal:paid" },
  run       = function(contact)
    local event = contact:wait({ "signal:signed", "signal:published", "signal:paid" }, "1m")
    if not event then return "nothing" end
    contact:set(stages[event.event])
    contact:unlabel "forgotten"
    return event.event
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "events",
  needs = { task = true },
  run   = function(contact)
    local first = contact:wait({ "signal:paid", "signal:late", "task_done" }, "30 days")
    local second = contact:wait({ "signal:paid", "signal:late" }, "1 hour")
    contact:task { kind = "call", note = "how was it?" }
    local done = contact:wait("task_done", "2 days")
    return table.concat({ first.event, first.data and first.data.amount or "-", second and second.event or "none",
      done and done.outcome or "nobody called" }, " ")
  end,
}

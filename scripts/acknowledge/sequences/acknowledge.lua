-- SPDX-License-Identifier: MIT
-- Says within an hour, seven days a week, that a message has come, unless one of us has answered by then; out of office hours it says
-- when we are back. Who has no answer by the end of the next business day is a task, and carries a label until somebody has written.
local ack = require "perigee.ack"
local perigee = require "perigee"

return perigee.sequence {
  name       = "acknowledge",
  title      = "We have your message",
  needs      = { send = { "email" }, task = true, store = true },
  starts_on  = { "message" },
  on_reply   = "continue",
  on_handled = "continue",
  run        = function(contact)
    local message = contact:wait_reply "1 minute"
    if not message then return "nothing written" end
    local who = ack.within(contact, "1h", { message = message, template = "received", closed = "received-closed", vars = { back = ack.back } })
    if who == "automatic mail" then return who end
    if ack.overdue(contact, "1 business day", { message = message }) == "person" then return "answered" end
    contact:label "waits too long"
    local answered = contact:wait({ "handled", "task_done" }, "2 weeks")
    if not answered then return "never answered" end
    contact:unlabel "waits too long"
    return "answered late"
  end,
}

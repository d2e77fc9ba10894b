-- SPDX-License-Identifier: MIT
-- Tells what a contact and we have written to each other.
local perigee = require "perigee"

local function line(message)
  local words = { message.direction, message.channel, message.template or message.kind or "?", message.by or message.text }
  return table.concat(words, " ")
end

return perigee.sequence {
  name  = "past",
  needs = { send = { "email", "sms" }, task = true },
  on_reply = "continue", on_handled = "continue",
  run   = function(contact)
    contact:task { kind = "other", note = #contact:messages() .. " before" }
    contact:send("email", "hello")
    contact:wait({ "reply" }, "2 days")
    contact:wait({ "auto_reply" }, "2 days")
    contact:wait({ "handled" }, "2 days")
    contact:send("email", "more")
    local all, seconds = {}, {}
    for i, message in ipairs(contact:messages()) do
      all[i] = line(message)
      seconds[i] = message.at
    end
    for i = 2, #seconds do assert(seconds[i] <= seconds[i - 1], "newest first") end
    assert(math.abs(seconds[1] - perigee.now()) < 60, "in seconds")
    contact:task { kind = "other", note = table.concat(all, "; ") }
    assert(#contact:messages { limit = 1 } == 1 and #contact:messages { direction = "in" } == 2)
    assert(#contact:messages { channel = "sms" } == 0 and #contact:messages { channel = "email", direction = "out" } == 3)
    local bad, text = pcall(function() contact:messages { limit = 0 } end)
    assert(not bad and text:find "limit: a whole number from 1 to 200")
    return "told"
  end,
}

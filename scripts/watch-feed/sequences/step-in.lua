-- SPDX-License-Identifier: MIT
-- Tells one of the team what others write about us. Who answers takes it on; what nobody takes becomes a task.
local perigee = require "perigee"

return perigee.sequence {
  name      = "step-in",
  title     = "Step in where others talk about us",
  needs     = { send = { "email" }, task = true, store = true },
  run       = function(contact)
    local list = perigee.store.list "mentions/"
    local latest = list[#list]
    if not latest then return "nothing to tell" end
    contact:send("email", "mentions", { vars = { mentions = latest.value } })
    local answer = contact:wait_reply "1 business day"
    if answer then
      perigee.store.set("taken/" .. latest.key, contact.name)
      contact:note("Steps in: " .. answer.text)
      return "taken"
    end
    local by = perigee.store.get("taken/" .. latest.key)
    if by then return "taken by " .. by end
    contact:task { kind = "message", note = ("Others talk about us in %d places, and nobody has answered there"):format(#latest.value), due = "1 business day" }
    return "nobody yet"
  end,
}

-- SPDX-License-Identifier: MIT
-- Somebody left their address on our page. They confirm it (double opt-in), get the guide that they were promised by a link that is good for a
-- week, and from then on the letter. Who does not confirm is asked once more, and then forgotten.
local perigee = require "perigee"
local gate = require "perigee.gate"

return perigee.sequence {
  name  = "newsletter-crosspost",
  title = "Subscribing to the letter",
  needs = { send = { "email" }, store = true, task = true },
  starts_on = { "signal:subscribed" },
  run   = function(contact)
    local ok, _, code, reply = gate.confirm(contact, {
      channel = "email", template = "confirm", again = "confirm-again", after = "3 days", within = "10 days",
    })
    if code == "replied" then
      contact:task { kind = "review", note = "Instead of confirming they wrote: " .. reply.text }
      return "replied"
    end
    if not ok then return gate.forget(contact, { unlabel = "letter" }) end

    contact:label "letter"
    local url, _, why, question = gate.deliver(contact, {
      channel = "email", template = "welcome", again = "welcome-again", within = "7 days", thread = "new",
    })
    if question then contact:task { kind = "review", note = "A new reader writes: " .. question.text } end
    return url and "subscribed, guide opened" or "subscribed, guide " .. why
  end,
}

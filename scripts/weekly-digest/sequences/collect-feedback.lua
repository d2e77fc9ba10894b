-- SPDX-License-Identifier: MIT
-- Keeps what people say through the week, by topic. Whoever hears it signals it (`contact:signal("feedback", { tag = ..., text = ... })`
-- in a script, a hook of your shop, a form), with the topic and the words.
local digest = require "perigee.digest"
local perigee = require "perigee"

return perigee.sequence {
  name      = "collect-feedback",
  title     = "What people say",
  needs     = { store = true },
  starts_on = { "signal:feedback" },
  run       = function(contact)
    local event = contact:wait("signal:feedback", "1 minute")
    local said = event and event.data or {}
    if not said.tag and not said.text then return "nothing said" end
    digest.add("feedback", { tag = said.tag or "other", text = said.text, contact = contact })
    return "collected"
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "greedy",
  run   = function(contact)
    local function tries(f, ...)
      local ok, text = pcall(f, ...)
      return ok and "allowed" or (text:match "needs" or text)
    end
    local store, contacts, whatsapp = "store", "contacts", "whatsapp"   -- `check` finds what stands there plainly
    local first = tries(contact.send, contact, whatsapp, "more")
    return table.concat({
      first, tries(perigee[store].set, "a", 1), tries(contact.task, contact, { kind = "call" }), tries(perigee[contacts].find, { label = "x" }),
    }, " ")
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "adds",
  needs = { contacts = "write" },
  run   = function(contact)
    local kept, text, code = perigee.contacts.upsert { id = contact.id, email = contact.fields.given }
    return kept and "now " .. contact.email or code .. ": " .. text
  end,
}

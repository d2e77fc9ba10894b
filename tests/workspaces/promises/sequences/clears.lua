-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "clears",
  needs = { contacts = "write" },
  run   = function(contact)
    contact:set { title = "", owner = "" }
    local bea = perigee.contacts.upsert { email = "Bea.Moss@shop.example" }
    local other = perigee.contacts.upsert { email = "bea.moss@other.example" }
    local named = perigee.contacts.upsert { email = "info@third.example", name = "Cleo Bär" }
    perigee.sleep "1 minute"
    return ("%s %s %s %s %s"):format(contact.fields.title, contact.owner, bea.id, other.id, named.id)
  end,
}

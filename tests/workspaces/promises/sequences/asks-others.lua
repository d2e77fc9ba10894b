-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "asks-others",
  needs = { contacts = "read", send = { "email" } },
  run   = function(contact)
    local other = perigee.contacts.get "ben"
    local how = other:can "email"
    if how == "send" then contact:send("email", "greeting") end
    return how
  end,
}

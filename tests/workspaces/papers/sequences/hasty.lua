-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local documents = require "perigee.documents"

return perigee.sequence {
  name  = "hasty",
  needs = { send = { "email" } },
  run   = function(contact)
    contact:send("email", "agreement", { documents = "contract", vars = { number = "X" } })
    local result = documents.wait(contact, {
      within = "3 days", remind = { channel = "email", template = "unsigned", after = "10 hours", vars = { number = "X" } },
    })
    return result.outcome .. " " .. result.reminded
  end,
}

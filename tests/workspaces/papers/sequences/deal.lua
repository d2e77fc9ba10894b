-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local documents = require "perigee.documents"

return perigee.sequence {
  name  = "deal",
  needs = { send = { "email" }, store = true, task = true },
  run   = function(contact)
    local result = documents.sign(contact, {
      channel = "email", template = "agreement", documents = { "contract" }, series = "contract", within = "4 weeks",
      remind = { channel = "email", template = "unsigned", after = "3 business days", times = 2 },
    })
    perigee.log(("%s after %d reminders, number %s"):format(result.outcome, result.reminded, result.number))
    return result.outcome
  end,
}

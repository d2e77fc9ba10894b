-- SPDX-License-Identifier: MIT
-- A contract is out with a service that takes signatures. Two polite reminders, then a person calls; the signal `signed` ends it at any
-- moment, and whoever answers is reminded no more.
local perigee = require "perigee"
local documents = require "perigee.documents"

return perigee.sequence {
  name  = "unsigned-contract",
  title = "Contracts that nobody has signed yet",
  needs = { send = { "email" }, task = true },
  topic = "contract",
  starts_on = { "signal:contract-sent" },
  on_reply  = "continue",
  run   = function(contact)
    local result = documents.wait(contact, {
      within = "3 weeks",
      remind = { channel = "email", template = { "still-unsigned", "last-reminder" }, after = "4 business days" },
    })

    if result.outcome == "silent" then
      contact:task {
        kind = "call", due = "2 business days",
        note = ("%s has not signed %s, after %d reminders. Ring, unless the stage says agreed."):format(
          contact.name, contact.fields.contract, result.reminded),
      }
      result = documents.wait(contact, { within = "30 days" })
    end
    while result.outcome == "replied" do
      contact:task { kind = "review", note = "On the contract: " .. result.reply.text, due = "1 business day" }
      result = documents.wait(contact, { within = "30 days" })
    end

    if result.outcome == "signed" then contact:set { stage = "agreed" } end
    if result.outcome == "declined" then contact:set { stage = "declined" } end
    return result.outcome
  end,
}

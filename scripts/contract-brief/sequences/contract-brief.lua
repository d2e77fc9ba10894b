-- SPDX-License-Identifier: MIT
-- A contract for each creator, numbered and attached, until it is signed; then the brief. A question stops the reminders and goes to a
-- person, and the contract can still be signed meanwhile. Whatever they write, the script goes on: a paper is out.
local perigee = require "perigee"
local documents = require "perigee.documents"

return perigee.sequence {
  name  = "contract-brief",
  title = "Contract, then brief",
  needs = { send = { "email" }, store = true, task = true },
  topic = "contract",
  on_reply = "continue",
  run   = function(contact)
    local function read(what, reply)
      contact:task { kind = "review", note = ("On %s: %s"):format(what, reply.text), due = "1 business day" }
    end

    local signing = documents.sign(contact, {
      channel = "email", template = "agreement", documents = { "contract" }, series = "contract", within = "4 weeks",
      remind = { channel = "email", template = "agreement-reminder", after = "5 business days" },
    })
    local number, task = signing.number, signing.task
    while signing.outcome == "replied" do
      read("contract " .. number, signing.reply)
      signing = documents.wait(contact, { task = task, within = "4 weeks" })
    end

    if signing.outcome == "silent" then
      contact:task { kind = "call", note = ("Contract %s has been out for four weeks: is there something in the way?"):format(number) }
      return "unsigned"
    elseif signing.outcome ~= "signed" then
      if signing.outcome == "declined" then contact:set { stage = "declined" } end
      return signing.outcome
    end

    contact:set { stage = "agreed", contract = number }
    while not contact:try_send("email", "brief-mail", { documents = { "brief" }, vars = { number = number } }) do
      local reply = contact:wait_reply "1 minute"          -- they wrote while it waited for the morning
      if not reply then return "no brief" end
      read("contract " .. number, reply)
    end
    contact:set { stage = "briefed" }
    local reply = contact:wait_reply "5 business days"
    if reply then read("the brief", reply) end
    return "briefed"
  end,
}

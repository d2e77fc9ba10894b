-- SPDX-License-Identifier: MIT
local perigee = require "perigee"
local cadence = require "perigee.cadence"

return perigee.sequence {
  name  = "played",
  needs = { send = { "email", "whatsapp" }, task = true },
  run   = function(contact)
    local outcome = cadence.run(contact, {
      { set = { seen = "yes" } },
      { send = "whatsapp", template = "intro", optional = true },
      { "email", "intro", only_if = function(person) return person.fields.seen == "yes" end },
      { event = "signal:ordered", within = "5 days", ["else"] = "never ordered" },
      { finish = "gold", only_if = function(person) return person.fields.tier == "gold" end, label = "golden" },
      function(person) person:note "not gold" end,
      { task = "gift", note = "A bag of rye for {first_name}", due = "2 days" },
      { wait = "1 day" },
    }, { on_reply = function(person, reply) person:label "answered"; return "said " .. reply.text end })
    return outcome
  end,
}

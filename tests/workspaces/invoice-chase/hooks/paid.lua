-- SPDX-License-Identifier: MIT
-- The accounting program: an invoice was paid. {"contact": "ID", "number": "F-12", "amount": 250}
local perigee = require "perigee"
return perigee.hook {
  name   = "paid",
  verify = { token = perigee.secret "accounting", header = "X-Token" },
  needs  = { contacts = "read" },
  run    = function(request)
    local bill = request.json
    if not bill or not bill.contact then return "not understood" end
    local contact = perigee.contacts.get(bill.contact)
    if not contact then return "unknown contact" end
    contact:signal("paid", { number = bill.number, amount = bill.amount })
    return "payment noted"
  end,
}

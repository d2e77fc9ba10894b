-- SPDX-License-Identifier: MIT
-- The accounting program: an invoice came. {"contact": "ID", "number": "F-12", "amount": 250}
local perigee = require "perigee"
return perigee.hook {
  name   = "invoice",
  verify = { token = perigee.secret "accounting", header = "X-Token" },
  needs  = { contacts = "write" },
  run    = function(request)
    local bill = request.json
    if not bill or not bill.contact then return "not understood" end
    local contact = perigee.contacts.get(bill.contact)
    if not contact then return "unknown contact" end
    contact:set { invoice = tostring(bill.number) }     -- also for a run that begins later
    contact:signal("invoice", { number = bill.number, amount = bill.amount })
    return "invoice noted"
  end,
}

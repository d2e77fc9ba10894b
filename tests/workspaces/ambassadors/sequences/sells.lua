-- SPDX-License-Identifier: MIT
-- A code, a link, and what a shop reports.
local perigee = require "perigee"
local affiliate = require "perigee.affiliate"

return perigee.sequence {
  name  = "sells",
  needs = { store = true },
  run   = function(contact)
    local code = affiliate.code(contact, { suffix = 15 })
    affiliate.sale(contact, { order = contact.id .. "-1", amount = 49.90, currency = "eur", rate = 0.1 })
    affiliate.sale(contact, { order = contact.id .. "-2", amount = 10.05, currency = "EUR", rate = 0.1 })
    affiliate.sale(contact, { order = contact.id .. "-3", amount = 100, currency = "EUR", rate = 0.1 })
    local _, _, again = affiliate.sale(contact, { order = contact.id .. "-1", amount = 49.90, currency = "EUR", rate = 0.1 })
    affiliate.refund(contact.id .. "-3")
    local _, _, twice = affiliate.refund(contact.id .. "-3")
    local _, _, none = affiliate.refund "no such order"
    affiliate.paid(contact, { amount = 2, currency = "EUR", reference = "november" })
    local _, _, paid = affiliate.paid(contact, { amount = 2, currency = "EUR", reference = "november" })
    perigee.sleep "1 day"
    local line = affiliate.payout({ contact }, { least = 1 })[1]
    return table.concat({ code, affiliate.code(contact, { suffix = "15" }), affiliate.code(contact), affiliate.owner(" " .. code:lower()),
      again, twice, none, paid, line.text, #affiliate.payout({ contact }, { least = 10 }),
      affiliate.link(contact, "https://shop.example/x?a=1#top", { suffix = 15, campaign = "été" }) }, " ")
  end,
}

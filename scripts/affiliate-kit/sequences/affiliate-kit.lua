-- SPDX-License-Identifier: MIT
-- Welcomes somebody to the affiliate programme: a code and a link of their own, one light reminder if nothing is sold, and a word about
-- the first sale. Whoever answers gets a person.
local perigee = require "perigee"
local affiliate = require "perigee.affiliate"

local SHOP = "https://shop.bellerive.example/"
local PERCENT = 15            -- what their people save

return perigee.sequence {
  name  = "affiliate-kit",
  title = "Code, link and first sale of an affiliate",
  needs = { send = { "email" }, task = true, store = true },
  topic = "affiliates",
  run   = function(contact)
    local code = affiliate.code(contact, { suffix = PERCENT })
    local link = affiliate.link(contact, SHOP, { suffix = PERCENT, campaign = "affiliates" })
    contact:set { code = code, link = link }    -- columns that you see, search and export
    contact:label "affiliate"
    contact:send("email", "kit", { vars = { code = code, link = link, percent = PERCENT } })
    local event = contact:wait({ "signal:sale", "reply" }, "10 business days")
    if not event then
      contact:send("email", "kit-reminder", { vars = { code = code } })
      event = contact:wait({ "signal:sale", "reply" }, "30 days")
    end
    if not event then return "nothing sold" end
    if event.event == "reply" then
      contact:task { kind = "message", note = ("%s (%s) writes: %s"):format(contact.name, code, event.text) }
      return "replied"
    end
    contact:send("email", "first-sale", { vars = { code = code } })
    return "sold"
  end,
}

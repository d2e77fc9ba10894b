-- SPDX-License-Identifier: MIT
-- Counts an order that the shop reports (signal "order" with its id, total and currency), once, however often it is reported.
local perigee = require "perigee"
local affiliate = require "perigee.affiliate"

return perigee.sequence {
  name      = "affiliate-sale",
  title     = "An order with an affiliate's code",
  needs     = { store = true },
  starts_on = { "signal:order" },
  on_reply  = "continue",
  run       = function(contact)
    local event = contact:wait("signal:order", "1 minute")
    local order = event and event.data or {}
    local total = tonumber(order.total)
    if not order.id or not total or not order.currency then return "no order" end
    local rate = (tonumber(contact.fields.commission) or 10) / 100
    local earned, text = affiliate.sale(contact, { order = tostring(order.id), amount = total, currency = order.currency, rate = rate })
    if not earned then return text end
    contact:set { sales = affiliate.totals(contact)[order.currency:upper()].sales }
    contact:signal("sale", { earned = earned })
    return ("earned %.2f %s"):format(earned, order.currency)
  end,
}

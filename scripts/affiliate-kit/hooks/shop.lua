-- SPDX-License-Identifier: MIT
-- What the shop reports, in Shopify's form: an order with an affiliate's code counts once, however often it is reported; a cancelled one is
-- taken back.
local perigee = require "perigee"
local affiliate = require "perigee.affiliate"

return perigee.hook {
  name   = "shop",
  title  = "Orders with a code",
  verify = { hmac = "sha256", header = "X-Shopify-Hmac-Sha256", encoding = "base64", secret = perigee.secret "shop-orders", id = "X-Shopify-Webhook-Id" },
  needs  = { contacts = "write", store = true },
  run    = function(request)
    local order = request.json or {}
    local used = type(order.discount_codes) == "table" and order.discount_codes[1]
    local id = used and affiliate.owner(tostring(used.code))
    if not id or not tonumber(order.total_price) or not order.currency then return "no affiliate's order" end
    if request.headers["x-shopify-topic"] == "orders/cancelled" then
      return affiliate.refund(tostring(order.id)) and "taken back" or "was taken back before"
    end
    local contact = perigee.contacts.get(id)
    local rate = (tonumber(contact.fields.commission) or 10) / 100
    local earned, text = affiliate.sale(id, { order = tostring(order.id), amount = tonumber(order.total_price), currency = order.currency, rate = rate })
    if not earned then return text end
    contact:set { sales = affiliate.totals(id)[order.currency:upper()].sales }
    contact:signal("sale", { earned = earned })
    return ("%s earned %.2f %s"):format(contact.name, earned, order.currency)
  end,
}

-- SPDX-License-Identifier: MIT
-- The shop says that an order was paid, or that a parcel has come.
local perigee = require "perigee"

return perigee.hook {
  name   = "shop",
  title  = "Orders of the shop",
  verify = { hmac = "sha256", header = "X-Shop-Hmac", encoding = "base64", secret = perigee.secret "shop", id = "X-Shop-Delivery" },
  needs  = { contacts = "write", store = true },
  run    = function(request)
    local order = request.json
    if not order then
      perigee.log("no JSON", { body = request.body or "none" })
      return "not understood"
    end
    local contact = perigee.contacts.upsert { email = order.email, name = order.name }
    contact:label "customer"
    contact:set { last_order = tostring(order.id) }
    perigee.store.add("orders", 1)
    contact:signal(request.headers["x-shop-topic"] or "paid", { order = order.id, at = request.at })
    return "order " .. order.id
  end,
}

-- SPDX-License-Identifier: MIT
-- The shop tells of each order that is paid: whose code was used is told, too.
local perigee = require "perigee"

return perigee.hook {
  name   = "shop",
  title  = "Orders that were paid with somebody's code",
  verify = { hmac = "sha256", header = "X-Shop-Hmac-Sha256", encoding = "base64", secret = perigee.secret "shop", id = "X-Shop-Delivery" },
  needs  = { contacts = "read" },
  run    = function(request)
    local order = request.json
    if type(order) ~= "table" or type(order.code) ~= "string" then return "without a code" end
    local seller = perigee.contacts.find { code = order.code:upper(), limit = 1 }[1]
    if not seller then return "nobody's code" end
    seller:signal("sold", { order = order.id })
    return "sold by " .. seller.id
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.hook {
  name   = "shop",
  verify = { hmac = "sha256", header = "X-Signature", secret = perigee.secret "gifts-hook", id = "X-Delivery" },
  needs  = { contacts = "write", store = true },
  run    = function(request)
    local note = request.json
    if type(note) ~= "table" or not note.order_id then return "not understood" end
    if note.status ~= "delivered" then return "not delivered yet" end
    local id = perigee.store.get("order/" .. tostring(note.order_id))
    local contact = id and perigee.contacts.get(id)
    if not contact then return "unknown order" end
    contact:signal("delivered", { order = tostring(note.order_id) })
    return "told"
  end,
}

-- SPDX-License-Identifier: MIT
-- Tells what a request looks like; finds people without a right to change them.
local perigee = require "perigee"

return perigee.hook {
  name   = "form",
  verify = { token = perigee.secret "form", query = "key", id = "X-Id" },
  needs  = { contacts = "read", task = true },
  run    = function(request)
    local known = perigee.contacts.find { tier = "gold" }
    for _, contact in ipairs(known) do
      contact:signal("form", request.form)
      contact:task { kind = "review", note = "a form came" }
    end
    return table.concat({
      request.method, request.path, request.query.a or "-", request.query.b or "-", request.form and request.form.who or "-",
      request.headers["x-two"] or "-", request.binary and "binary" or "text", tostring(#(request.body or "")), tostring(request.at), #known,
    }, " ")
  end,
}

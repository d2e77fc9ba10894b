-- SPDX-License-Identifier: MIT
-- Plans a broadcast, says what came of it, and goes on at once.
local perigee = require "perigee"

return perigee.sequence {
  name  = "ask",
  needs = { broadcast = true },
  run   = function(contact)
    local fields = contact.fields
    local id, text, code, rule = perigee.broadcast {
      channel = fields.channel or "discord", account = fields.account, to = "#community", template = fields.template or "launch",
      vars = { product = fields.product }, at = fields.at or "1 day", locale = contact.locale,
    }
    return id and "planned " .. math.type(id) or table.concat({ tostring(code), tostring(rule), (text:gsub("^[^ ]+: ", ""):gsub(" in /.*", "")) }, " ")
  end,
}

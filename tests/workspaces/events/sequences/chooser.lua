-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

return perigee.sequence {
  name  = "chooser",
  needs = { send = { "email", "whatsapp", "youtube" } },
  run   = function(contact)
    local said = {}
    for _, channel in ipairs { "youtube", "whatsapp" } do
      local message, text, code, rule = contact:try_send(channel, "hello")
      said[#said + 1] = tostring(message) .. " " .. tostring(type(text)) .. " " .. tostring(code) .. " " .. tostring(rule)
    end
    local message, text, code = contact:try_send("email", "needs-field")
    said[#said + 1] = tostring(message) .. " " .. tostring(code) .. " " .. tostring(text)
    message = contact:try_send("email", "hello")
    said[#said + 1] = message.channel .. " " .. message.subject
    return table.concat(said, "; ")
  end,
}

-- SPDX-License-Identifier: MIT
-- Slips of the pen raise at their line.
local perigee = require "perigee"

return perigee.sequence {
  name  = "wrong",
  needs = { broadcast = true },
  run   = function()
    local good = { channel = "discord", to = "#x", template = "launch", at = "1 day" }
    local said = {}
    local function tries(changes)
      local options = {}
      for key, value in pairs(good) do options[key] = value end
      for key, value in pairs(changes) do options[key] = value ~= "" and value or nil end
      local ok, text = pcall(perigee.broadcast, options)
      said[#said + 1] = ok and "allowed" or text:gsub("^.-: ", "", 1):gsub("; write .*", "")
    end
    tries { channel = "email" }
    tries { channel = "sms" }
    tries { at = "" }
    tries { at = "2020-01-01" }
    tries { at = "soon" }
    tries { to = "a\nb" }
    tries { chanel = "x" }
    return table.concat(said, "\n")
  end,
}

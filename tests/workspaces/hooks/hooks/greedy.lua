-- SPDX-License-Identifier: MIT
-- What a hook may not do is refused, whatever it says it needs.
local perigee = require "perigee"

return perigee.hook {
  name   = "greedy",
  verify = "none",
  needs  = { contacts = "read" },
  run    = function()
    local function tries(f, ...)
      local ok, text = pcall(f, ...)
      return ok and "allowed" or text:match "sequences write" or text:match "needs" or text
    end
    local ana = perigee.contacts.get "ana"
    local sleep, http, send, wait, label, restart = "sleep", "http", "send", "wait", "label", "restart"
    return table.concat({
      tries(perigee[sleep], "1 hour"), tries(ana[send], ana, "email", "thanks"), tries(ana[wait], ana, "reply"), tries(ana[restart], ana, {}),
      tries(ana[label], ana, "x"), tries(perigee[http], { url = "https://shop.example/" }),
    }, "; ")
  end,
}

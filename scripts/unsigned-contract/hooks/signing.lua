-- SPDX-License-Identifier: MIT
-- What the signing service tells: {"event": "sent", "signed" or "declined", "email": ..., "contract": ..., "link": ...}
local perigee = require "perigee"

local signals = { sent = "contract-sent", signed = "signed", declined = "declined" }

return perigee.hook {
  name   = "signing",
  title  = "The signing service",
  verify = { hmac = "sha256", header = "X-Signing-Signature", secret = perigee.secret "signing", id = "X-Signing-Delivery" },
  needs  = { contacts = "write" },
  run    = function(request)
    local told = request.json or {}
    local signal, contact = signals[told.event], perigee.contacts.find { channel = "email", email = told.email, limit = 1 }[1]
    if not signal or not contact then return "nobody we know" end
    if told.event == "sent" then contact:set { contract = told.contract, signing_link = told.link } end
    contact:signal(signal, { contract = told.contract })
    return signal
  end,
}

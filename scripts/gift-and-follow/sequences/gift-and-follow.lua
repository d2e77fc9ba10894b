-- SPDX-License-Identifier: MIT
-- A present, ordered at the shop in the form of Shopify's draft orders; a word when it is on its way, and one question some days after it
-- arrived (signal "delivered"). What the shop can't do, or may have done, is a person's.
local perigee = require "perigee"
local shop = require "shop"

return perigee.sequence {
  name  = "gift-and-follow",
  title = "A present, and a question once it has arrived",
  needs = { send = { "email" }, task = true, net = { shop.host }, secret = { "shop" } },
  topic = "gifts",
  run   = function(contact)
    local order, why, code = shop.gift(contact)
    if code == "unknown" then  -- it may have been ordered: never twice by a program
      contact:task { kind = "review", note = ("Was the present for %s ordered? Look at the shop, and order it if not. %s"):format(contact.name, why) }
    elseif not order then
      contact:task { kind = "gift", note = ("Order %s for %s: the shop did not take it (%s)."):format(contact.fields.gift_name or "a present", contact.name, why) }
    end
    if not order then
      local done = contact:wait("task_done", "2 weeks")
      if not done or done.outcome == "not sent" then return "no present" end
    end
    contact:set { gift_order = order or "by hand" }
    contact:send("email", "on-its-way")
    if not contact:wait("signal:delivered", "3 weeks") then
      contact:task { kind = "review", note = ("Where is the present of %s (order %s)? Nothing has been delivered in three weeks."):format(contact.name, order or "by hand") }
      return "not delivered"
    end
    perigee.sleep "5 days"                       -- time to open, brew and taste
    contact:send("email", "how-is-it")
    local reply = contact:wait_reply "2 weeks"
    if not reply then return "silent" end
    contact:task { kind = "message", note = ("%s on the present: %s"):format(contact.name, reply.text) }
    return "answered"
  end,
}

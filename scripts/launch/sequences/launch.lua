-- SPDX-License-Identifier: MIT
-- A launch: those who are closest hear of it first, each by a mail of their own; at the hour the community reads of it, once a person has
-- confirmed that; two weeks later everybody who was told is thanked, with what was bought by their code (the hook "shop" says so).
local perigee = require "perigee"
local product = require "product"

local day = 24 * 60 * 60

local function words(locale, at)
  return { product = product.name, what = product.what[(locale or "en"):sub(1, 2)] or product.what.en, link = product.link, day = os.date("!%Y-%m-%d", at) }
end

-- The hour, the same for everyone. Who asks first has the announcement planned; in the channel it is seen only if somebody confirms it.
local function launch_hour(contact)
  local key = "launch/" .. product.name
  local at = perigee.store.get(key) or perigee.date(nil, product.launch, product.timezone)
  perigee.store.set(key, at)
  if perigee.store.add(key .. "/announced", 1) > 1 then return at end
  local id, why = perigee.broadcast {
    channel = product.community.channel, to = product.community.to, template = "announcement", locale = product.community.locale,
    vars = words(product.community.locale, at), at = at - perigee.now(),
  }
  local note = id and ("Read the announcement, then confirm or cancel it: perigee broadcast show %d"):format(id)
  contact:task { kind = id and "review" or "other", note = note or "Announce the launch yourself: " .. why, due = at - perigee.now() }
  return at
end

-- What they write until then is for a person; what they sold is counted.
local function listen(contact, ends)
  local sold = 0
  while perigee.now() < ends do
    local event = contact:wait({ "reply", "signal:sold" }, ends - perigee.now())
    if not event then break end
    if event.event == "reply" then
      contact:task { kind = "message", note = ("%s answers about %s: %s"):format(contact.name, product.name, event.text) }
    else
      sold = sold + 1
    end
  end
  return sold
end

return perigee.sequence {
  name       = "launch",
  title      = "A product launch: the closest people first, then everybody",
  needs      = { send = { "email" }, task = true, store = true, broadcast = true },
  topic      = "launch",
  on_reply   = "continue",     -- a person answers, and they still hear of the hour;
  on_handled = "continue",     -- so they do when one of us has written to them
  run        = function(contact)
    local at = launch_hour(contact)
    if perigee.now() >= at then return "too late" end
    contact:send("email", "first-look", { vars = words(contact.locale, at), before = at - perigee.now() })
    local sold = listen(contact, at)
    contact:send("email", "launch-day", { vars = words(contact.locale, at), before = "2 days", thread = "new" })
    sold = sold + listen(contact, perigee.now() + 14 * day)
    contact:send("email", sold > 0 and "thanks-sold" or "thanks", { vars = { product = product.name, sold = sold }, thread = "new" })
    return sold > 0 and "sold" or "thanked"
  end,
}

-- SPDX-License-Identifier: MIT
local perigee = require "perigee"

local YEAR = 350 * 24 * 3600     -- a little less than a year, so that a late morning does not cost somebody the gift

-- Sends, and when they have written meanwhile, gives that to a person first and then sends all the same.
local function write(contact, template, vars)
  while true do
    local message, why, _, rule = contact:try_send("email", template, { vars = vars })
    if message then return true end
    if rule ~= "unseen_reply" then return false, why end
    local reply = contact:wait_reply "1 minute"
    if reply then contact:task { kind = "review", note = "Wrote around the birthday: " .. reply.text } end
  end
end

-- Gives the order's id, or nil and what a person should do.
local function order(contact)
  local address = contact.fields.address
  if not address then return nil, "No address for the birthday gift: ask, then order by hand." end
  local answer, text, code = perigee.http {
    method = "POST", url = "https://api.gifts.example/orders",
    json = { name = contact.name, address = address },
    auth = perigee.secret "gifts", pick = "id",
    idempotency_key = "birthday-" .. contact.id .. "-" .. os.date("%Y", perigee.now()),
  }
  if code == "unknown" then return nil, "The shop may or may not have the order: look there BEFORE you order again. " .. text end
  if not answer then return nil, "The gift was not ordered (" .. code .. "): " .. text end
  if answer.status < 200 or answer.status > 299 then return nil, "The shop refused the gift: status " .. answer.status end
  local id = answer.json and answer.json.id
  if type(id) ~= "string" and type(id) ~= "number" then return nil, "The shop gave no order id: look there BEFORE you order again." end
  return tostring(id)
end

return perigee.sequence {
  name     = "birthday-gift",
  title    = "A gift and a word for a partner's birthday",
  needs    = { send = { "email" }, task = true, store = true, net = { "api.gifts.example" }, secret = { "gifts" } },
  on_reply = "continue",
  run      = function(contact)
    -- One gift a year, whoever enrols them and how often.
    local now = perigee.now()
    local last = perigee.store.get("gift-last/" .. contact.id)
    if last and now - last < YEAR then return "had a gift" end
    if perigee.store.add("gift/" .. contact.id .. "/" .. os.date("%Y", now), 1) > 1 then return "had a gift" end
    perigee.store.set("gift-last/" .. contact.id, now)

    local id, problem = order(contact)
    if id then
      perigee.store.set("order/" .. id, contact.id)
    else
      contact:task { kind = "gift", note = problem, due = "1 day" }
    end

    local sent, why = write(contact, "birthday")
    if not sent then contact:note("No birthday mail: " .. why) end
    if not id then
      local thanks = contact:wait_reply "2 weeks"
      if thanks then contact:task { kind = "review", note = "Answered the birthday mail: " .. thanks.text } end
      return "order failed"
    end

    local ends = perigee.date(now, "6 weeks")
    while true do
      local left = ends - perigee.now()
      local event = left > 0 and contact:wait({ "signal:delivered", "reply" }, left) or nil
      if not event then
        contact:task { kind = "review", note = "Order " .. id .. " was not delivered in six weeks: ask the shop." }
        return "not delivered"
      end
      if event.event == "signal:delivered" then break end
      contact:task { kind = "review", note = "Answered the birthday mail: " .. event.text }
    end

    sent, why = write(contact, "liked")
    if not sent then contact:note("Not asked about the gift: " .. why) return "delivered" end
    local reply = contact:wait_reply "2 weeks"
    if not reply then return "delivered, silent" end
    contact:task { kind = "review", note = "About the gift: " .. reply.text }
    return "delivered, answered"
  end,
}

-- SPDX-License-Identifier: MIT
-- Waits for the invoice of a post that is online, reminds twice, has a person call; thanks when it is paid.
local perigee = require "perigee"

return perigee.sequence {
  name       = "invoice-chase",
  topic      = "contract",
  needs      = { send = { "email" }, task = true },
  on_reply   = "continue",     -- the thanks are still owed when a person has taken over
  on_handled = "continue",
  run = function(contact)
    local invoice = {}
    local person = false       -- a person has taken over: no more reminders
    local EVENTS = { "signal:invoice", "signal:paid", "reply", "handled" }

    -- "paid", "invoice", "person", or nil when the time is up
    local function listen(within)
      local event = contact:wait(EVENTS, within)
      if not event then return nil end
      if event.event == "signal:paid" or event.event == "signal:invoice" then
        for key, value in pairs(event.data or {}) do invoice[key] = value end
        return event.event == "signal:paid" and "paid" or "invoice"
      end
      if event.event == "reply" then
        contact:task { kind = "review", note = "About the invoice, please answer: " .. event.text, due = "1 business day" }
      end
      person = true
      return "person"
    end

    -- waits so long, and then until working hours, so that nothing can come while a reminder lies in the queue
    local began = perigee.now()
    local function quiet(within)
      local what = listen(within) or listen "open hours"
      -- before our first message an answer is given to no run, so look for it
      local theirs = not what and contact:messages { direction = "in", limit = 1 }[1]
      if theirs and theirs.at >= began and theirs.kind == "reply" then
        contact:task { kind = "review", note = "Wrote before the first reminder: " .. theirs.text, due = "1 business day" }
        person, what = true, "person"
      end
      return what
    end

    local what
    if (contact.fields.invoice or "") ~= "" then     -- it came before the post was entered
      what, invoice.number = "invoice", contact.fields.invoice
    else
      what = quiet "5 business days"
    end
    for i = 1, 2 do
      if what then break end
      local sent, why, code, rule = contact:try_send("email", "reminder-" .. i)
      if not sent and rule ~= "unseen_reply" then
        contact:task { kind = "call", note = "No reminder of the invoice could be sent: " .. why }
        person = true
        break
      end
      what = quiet "1 week"
    end
    if not what and not person then
      contact:task { kind = "call", note = "Two reminders, no invoice for " .. tostring(contact.fields.post), due = "2 business days" }
    end

    while what ~= "paid" do what = listen() end

    contact:set { stage = "paid", invoice = "" }
    repeat
      while listen "open hours" do end        -- what they say while it is night
      local sent, why, code, rule = contact:try_send("email", "paid", { vars = { number = invoice.number, amount = invoice.amount } })
      local again = not sent and rule == "unseen_reply"
      if again then listen "5m" end
      if not sent and not again then contact:task { kind = "message", note = "Paid, but no thanks could be sent: " .. why } end
    until not again
    return "paid"
  end,
}

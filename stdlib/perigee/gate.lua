-- SPDX-License-Identifier: MIT
-- perigee.gate: something good behind a door. Who asked for it says once more, by a press of a button in a mail, that the address is theirs and
-- that they want it (double opt-in: confirm_url in the template); then they get it by a link that is good for some days
-- ({{ "https://..." | link: "7 days" }}). Whoever does not confirm is asked once more, and then left alone.

local perigee = require "perigee"
local check = require "perigee.check"

local M = {}

-- The end of a duration that begins now.
local function later(duration)
  if type(duration) == "number" then return perigee.now() + math.floor(duration) end
  return perigee.date(perigee.now(), (duration:gsub("^%s*(%d+%s*%a)", "+%1")))
end

local function key(contact) return "gate/confirmed/" .. contact.id end

local function thread(what, value) return check.one_of(what, value, { "new" }) end

local ask_keys = { channel = check.name, template = check.name, again = check.name, after = check.duration, within = check.duration,
  vars = "table", thread = thread, anew = "boolean" }

---When did this contact confirm? Seconds since the epoch; nil: not by gate.confirm.
---```lua
---if gate.confirmed(contact) then contact:send("email", "guide") end
---```
---Needs: store.
---@param contact perigee.Contact
---@return integer?
function M.confirmed(contact)
  return perigee.store.get(key(contact))
end

local TRIES = 10 -- of a reminder

-- Sends, waits for one of the events, and reminds once: at an hour at which mail may leave, and not later, so that nobody is reminded of
-- what they did while the reminder waited. Nil: nothing came.
local function ask(contact, o, events, within, after)
  local vars = o.vars
  contact:send(o.channel, o.template, { vars = vars, thread = o.thread })
  local deadline = later(o.within or within)
  local function listen(to)
    if to <= perigee.now() then return nil end
    return contact:wait(events, to - perigee.now())
  end
  if not o.again then return listen(deadline) end
  local event = listen(math.min(later(o.after or after), deadline))
  for _ = 1, TRIES do
    local opens = perigee.date(perigee.now(), "open hours")
    if event or opens >= deadline then break end
    event = listen(opens)
    if event then break end
    local _, _, code = contact:try_send(o.channel, o.again, { vars = vars, before = "1 hour" })
    if code ~= "timeout" then break end
  end
  return event or listen(deadline)
end

---Asks for a confirmation (the template has `{{ confirm_url }}`) and waits for it; `again` names the template of the one reminder, which
---leaves `after` (3 days) without an answer. True once they have confirmed, now or (unless `anew`) an earlier time; else nil, why, and
---"unconfirmed" or "replied" (with what they wrote). The host records the consent; a script never does.
---```lua
---local ok, why, code, reply = gate.confirm(contact, { channel = "email", template = "confirm", again = "confirm-again", within = "10 days" })
---```
---Needs: send, store.
---@param contact perigee.Contact
---@param options { channel: string, template: string, again?: string, after?: perigee.Duration, within?: perigee.Duration, vars?: table, thread?: "new", anew?: boolean }
---@return true? confirmed, string? text, string? code, perigee.Reply? reply
function M.confirm(contact, options)
  local o = check.options("gate.confirm", options, ask_keys, { "channel", "template" })
  if not o.anew and M.confirmed(contact) then return true end
  local event = ask(contact, o, { "opt_in", "reply" }, "10 days", "3 days")
  if not event then return nil, "they have not confirmed", "unconfirmed" end
  if event.event == "reply" then return nil, "they wrote instead", "replied", event end
  perigee.store.set(key(contact), event.at)
  return true
end

local open_keys = { channel = check.name, template = check.name, again = check.name, after = check.duration, within = check.duration, vars = "table",
  thread = thread }

---Sends the content (the template has a signed link) and waits until it is opened; `again` names the template of the one reminder, which
---leaves `after` (3 days). The url that was opened, or nil, why, and "unopened" or "replied" (with what they wrote). Programs that
---look for viruses open links too: take an opening for a hint, not for a proof.
---```lua
---local url = gate.deliver(contact, { channel = "email", template = "guide", again = "guide-again", within = "7 days" })
---```
---Needs: send.
---@param contact perigee.Contact
---@param options { channel: string, template: string, again?: string, after?: perigee.Duration, within?: perigee.Duration, vars?: table, thread?: "new" }
---@return string? url, string? text, string? code, perigee.Reply? reply
function M.deliver(contact, options)
  local o = check.options("gate.deliver", options, open_keys, { "channel", "template" })
  local event = ask(contact, o, { "click", "reply" }, "7 days", "3 days")
  if not event then return nil, "they have not opened it", "unopened" end
  if event.event == "reply" then return nil, "they wrote instead", "replied", event end
  return event.url or ""
end

---Leaves somebody alone who did not confirm: takes labels away by which they would be written to, and puts on `unconfirmed`, by which a
---person finds whom to erase. Nothing is sent.
---```lua
---if not gate.confirm(contact, ask) then return gate.forget(contact, { unlabel = { "newsletter" } }) end
---```
---@param contact perigee.Contact
---@param options? { unlabel?: string|string[], label?: string }
---@return "unconfirmed"
function M.forget(contact, options)
  local o = check.options("gate.forget", options or {}, { unlabel = function(what, value) return check.texts(what, value, true) end, label = check.line })
  for _, label in ipairs(o.unlabel or {}) do contact:unlabel(label) end
  contact:label(o.label or "unconfirmed")
  return "unconfirmed"
end

return M

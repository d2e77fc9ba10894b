-- SPDX-License-Identifier: MIT
-- perigee.thanks: thanks that never say the same thing twice to one person. You give several wordings (templates, or texts for one
-- template); each person gets them in an order of their own, each wording once, for ever. When all are used a person writes.
-- What counts is what was sent: a wording whose message was refused is free again at once, one whose message was withdrawn
-- (the run ended while it waited) after 30 days.

local perigee = require "perigee"
local check = require "perigee.check"

local M = {}

local HELD = 30 * 86400       -- a wording that somebody was about to send is out of reach of others for so long
local BEFORE = "14 days"      -- later than that nobody is thanked any more; well below HELD
local WORDINGS_MOST = 200

-- FNV-1a: only to shuffle, and to name a text.
local function hash(text)
  local h = 0x811c9dc5
  for i = 1, #text do h = ((h ~ text:byte(i)) * 0x01000193) & 0xffffffff end
  -- A last stir, so that texts that differ at their end alone are far apart.
  h = ((h ~ (h >> 15)) * 0x2c1b3c6d) & 0xffffffff
  return h ~ (h >> 13)
end

local function is_template(wording)
  return #wording <= 64 and wording:find "^[a-z0-9_%-]+$" ~= nil
end

-- What a wording is called in the store.
local function name_of(wording)
  return is_template(wording) and wording or ("text-%08x"):format(hash(wording))
end

local function wordings_of(what, wordings)
  local list = check.texts(what .. ": wordings", wordings)
  if #list == 0 then check.raise(what .. ": the list of wordings is empty") end
  if #list > WORDINGS_MOST then check.raise(("%s: more than %d wordings"):format(what, WORDINGS_MOST)) end
  return list
end

local function needs_contact(what, contact)
  if contact == nil or type(contact) == "string" then check.raise(("%s: a contact is needed, not %s"):format(what, check.describe(contact))) end
end

-- The order of one person: by chance, but always the same; a wording that is added later moves no other.
local function in_order(contact, wordings)
  local places, order = {}, {}
  for i, wording in ipairs(wordings) do
    order[i], places[wording] = wording, hash(contact.id .. "\0" .. name_of(wording))
  end
  table.sort(order, function(a, b) return places[a] < places[b] end)
  return order
end

-- What the store knows of a person's wordings: name → { sent, held, claims }.
local function known(contact)
  local prefix = ("thanks/%s/"):format(contact.id)
  local states = {}
  for _, row in ipairs(perigee.store.list(prefix)) do
    local fact, name = row.key:sub(#prefix + 1):match "^(%a+)/(.+)$"
    if name then
      states[name] = states[name] or {}
      states[name][fact] = row.value
    end
  end
  return states
end

local function key(contact, fact, wording)
  return ("thanks/%s/%s/%s"):format(contact.id, fact, name_of(wording))
end

local function is_free(state, now)
  return not state or not (state.sent or state.held and now - state.held < HELD)
end

local function first_free(contact, wordings, states)
  local now = perigee.now()
  for _, wording in ipairs(in_order(contact, wordings)) do
    if is_free(states[name_of(wording)], now) then return wording end
  end
  return nil
end

-- Takes a wording, so that no other run does. Two that try at once both raise the count of claims: the first wins.
local function take(contact, wordings, states)
  while true do
    local wording = first_free(contact, wordings, states)
    if not wording then return nil end
    local state = states[name_of(wording)] or {}
    local held = perigee.now()
    perigee.store.set(key(contact, "held", wording), held)
    if perigee.store.add(key(contact, "claims", wording), 1) == (state.claims or 0) + 1 then return wording end
    states[name_of(wording)] = { held = held }
  end
end

---A wording that this person never got, in an order of their own; nil when all were used. It only looks: send it yourself, then say so
---with `thanks.sent`. (`thanks.say` does all of it.)
---```lua
---local words = thanks.next(contact, { "thanks-warm", "thanks-short", "thanks-playful" })
---if words and contact:try_send("email", words) then thanks.sent(contact, words) end
---```
---Needs: store.
---@param contact perigee.Contact
---@param wordings string[] names of templates, or texts
---@return string? wording
function M.next(contact, wordings)
  needs_contact("thanks.next", contact)
  return first_free(contact, wordings_of("thanks.next", wordings), known(contact))
end

---Notes that this person got a wording.
---```lua
---thanks.sent(contact, "thanks-warm")
---```
---Needs: store.
---@param contact perigee.Contact
---@param wording string
function M.sent(contact, wording)
  needs_contact("thanks.sent", contact)
  perigee.store.set(key(contact, "sent", check.text("thanks.sent", wording)), perigee.now())
end

---How many wordings of a list this person can still get.
---```lua
---if thanks.left(contact, wordings) < 2 then contact:task { kind = "other", note = "Write new thanks for " .. contact.name } end
---```
---Needs: store.
---@param contact perigee.Contact
---@param wordings string[]
---@return integer
function M.left(contact, wordings)
  needs_contact("thanks.left", contact)
  local states, now, n = known(contact), perigee.now(), 0
  for _, wording in ipairs(wordings_of("thanks.left", wordings)) do
    if is_free(states[name_of(wording)], now) then n = n + 1 end
  end
  return n
end

local say_keys = {
  template = check.text, vars = "table", note = check.text, due = check.duration, before = check.duration, from = check.text,
}

local function ask_a_person(contact, options)
  local note = ("Thank %s in your own words: every wording has been used."):format(contact.name or contact.id)
  if options.note then note = note .. " " .. options.note end
  contact:task { kind = "message", note = note, due = options.due or "2 business days" }
  return nil, note, "limit"
end

local function vars_of(options, wording)
  if not options.template then return options.vars end
  local vars = { words = wording }
  for name, value in pairs(options.vars or {}) do vars[name] = value end
  return vars
end

---Thanks a person with a wording that they never got, and notes it; when all are used, or only a person may write there first, it makes a
---task. The wordings are templates (`purpose: service`), or texts if `template` names the one that shows `{{ words }}`.
---A wording that can't be rendered for them is passed over; any other refusal comes back (`nil, text, code, rule`) and uses up nothing; "limit": all wordings are used, and a person is asked to write.
---```lua
---thanks.say(contact, "email", { "thanks-warm", "thanks-short", "thanks-playful" }, { vars = { post = post.title } })
---thanks.say(contact, "email", { "You made our week.", "What a lovely post!" }, { template = "thank-you" })
---```
---Needs: store, task, send.
---@param contact perigee.Contact
---@param channel string
---@param wordings string[]
---@param options? { template?: string, vars?: table<string, perigee.Plain>, note?: string, due?: perigee.Duration, before?: perigee.Duration, from?: string } note and due: of the task; before: too late after this (14 days)
---@return perigee.Message? message, string? text, string? code, string? rule
function M.say(contact, channel, wordings, options)
  needs_contact("thanks.say", contact)
  wordings = wordings_of("thanks.say", wordings)
  options = check.options("thanks.say", options or {}, say_keys)
  if not options.template then
    for _, wording in ipairs(wordings) do
      if not is_template(wording) then
        check.raise(("thanks.say: '%s' is no name of a template; for texts give { template = \"NAME\" }, which shows {{ words }}"):format(wording:sub(1, 80)))
      end
    end
  end
  local states = known(contact)
  local message, text, code, rule
  repeat
    local wording = take(contact, wordings, states)
    if not wording then
      if code then return message, text, code, rule end
      return ask_a_person(contact, options)
    end
    message, text, code, rule = contact:try_send(channel, options.template or wording, {
      vars = vars_of(options, wording), before = options.before or BEFORE, from = options.from,
    })
    if message or code == "unknown" then
      M.sent(contact, wording)
    else
      perigee.store.delete(key(contact, "held", wording))
      states[name_of(wording)] = { held = perigee.now() } -- not again in this call
    end
  until code ~= "invalid" -- a template that can't be rendered for them: the next one may
  return message, text, code, rule
end

return M
